#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connection_string.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/config/config.hpp"
#include "spheregate/pki/names.hpp"

namespace spheregate::app {

// What `spheregate init` is asked for.
struct NewGateway {
  std::filesystem::path directory;  // absolute
  pki::Names names;                 // checked
  std::string hub;                  // empty: not known yet
  std::optional<HubLogin> login;
  std::string identity;         // as devices.identity; empty: the default
  std::filesystem::path queue;  // empty: the default
  // Any other keys of the configuration, dotted, and what they get.
  std::vector<std::pair<std::string, std::string>> given;

  std::filesystem::path config() const { return directory / "spheregate.yaml"; }
  std::filesystem::path authority() const { return directory / "authority"; }
  std::filesystem::path certificate() const { return directory / "tls" / "server.pem"; }
  std::filesystem::path privateKey() const { return directory / "tls" / "server.key"; }
  std::filesystem::path tenantCas() const { return directory / "tenant-ca.d"; }
  std::filesystem::path denyList() const { return directory / "deny.txt"; }
  std::filesystem::path aliases() const { return directory / "aliases.csv"; }
  // Of a gateway that does not stand at the usual place; empty: the default.
  std::filesystem::path socket() const;
  std::filesystem::path hubKey() const { return directory / "secrets" / "hub.key"; }
};

// The configuration's text; or which of its keys is not known.
base::Explained<std::string> configurationOf(const NewGateway& wanted);
// What is wrong with such a text. That there is no hub yet, or no login for it, is not.
std::vector<config::Problem> faultsOf(const NewGateway& wanted, const std::string& text);

// What was made, and what was there and is kept.
struct Made {
  std::vector<std::string> made;
  std::vector<std::string> kept;
};
// Makes what is missing, in an order in which a second run finishes what a first one began. Overwrites nothing.
base::Explained<Made> make(const NewGateway& wanted, const std::string& configuration);

}  // namespace spheregate::app
