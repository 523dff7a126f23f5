#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "hubsim/device_identity.hpp"
#include "hubsim/dps/enrolment.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::hubsim {

// The identity registry of the simulated hub: who may connect, and with which keys.
struct Registry {
  std::vector<std::string> hubs;  // accepted names, lower case; at least one
  std::unordered_map<std::string, hub::SharedAccessKey> policies;
  std::unordered_map<std::string, DeviceIdentity> devices;
  bool acceptUnknownDevices = false;
  std::optional<Enrolments> dps;

  // Host names compare without case.
  bool namesThisHub(std::string_view host) const;
};

// Without case.
[[nodiscard]] bool sameHost(std::string_view one, std::string_view other);

// The YAML: `hub`, `policies: [{name, key}]`, `accept_unknown_devices`, `dps` (enrolment.hpp), and `devices`, each with `id` and
// optionally `key`, `status` (enabled or disabled), `edge: true`, `edge_hub_key` (of its $edgeHub module), and `parent` (id of an
// edge listed anywhere) or `scope` (of an edge: its own; of another device: its parent's). Errors name `source`, line and column.
[[nodiscard]] base::Explained<Registry> parseRegistry(const std::string& yaml, const std::string& source);
[[nodiscard]] base::Explained<Registry> readRegistry(const std::string& file);

}  // namespace spheregate::hubsim
