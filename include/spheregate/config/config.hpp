#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "spheregate/base/log.hpp"
#include "spheregate/identity/settings.hpp"
#include "spheregate/ops/settings.hpp"
#include "spheregate/queue/settings.hpp"
#include "spheregate/session/settings.hpp"
#include "spheregate/tls/settings.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::config {

// Everything a configuration file says, in the terms of the rooms.
struct Config {
  std::string hostname;
  tls::ListenerSettings listener;
  std::filesystem::path authority;  // the gateway's own, which renews the server certificate; empty: somebody else's does
  identity::Settings identity;
  session::Settings session;
  tls::ConnectorSettings connector;
  upstream::Settings upstream;
  queue::Settings queue;
  ops::HttpSettings http;
  ops::AdminSettings admin;
  base::LogLevel logLevel = base::LogLevel::info;
  base::LogFormat logFormat = base::LogFormat::text;
};

// One mistake, said so that it can be mended at once.
struct Problem {
  std::string file;
  int line = 0;    // from 1; 0 when the file as a whole is meant
  int column = 0;  // from 1
  std::string key; // dotted path, for example `queue.max_bytes`; may be empty
  std::string what;
  std::string fix;
};

// `file:line:column: key: what; fix`
std::string text(const Problem& problem);

struct Loaded {
  Config config;                  // meaningful only without problems
  std::vector<Problem> problems;  // all of them, not only the first
};

// Reads and checks the text; does not look at the files it names.
Loaded parse(const std::string& yaml, const std::string& fileName);
Loaded load(const std::filesystem::path& file);
// A value in effect.
struct Value {
  std::string key;     // dotted path
  std::string text;    // as a YAML scalar, or as a map in one line; where it is quoted or a map, it is JSON too
  bool plain = false;   // a number, or true or false
  bool secret = false;  // names a file with a secret in it, or nothing
};
// Of all keys that belong to the configuration, defaults included, secrets never (only the names of their files).
std::vector<Value> values(const Config& config);
// The effective values as YAML, defaults included, secrets never (only the names of their files).
std::string show(const Config& config);

}  // namespace spheregate::config
