#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "spheregate/base/result.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::hubsim {

struct DeviceIdentity {
  std::optional<hub::SharedAccessKey> key;
  bool enabled = true;
};

// The identity registry of the simulated hub: who may connect, and with which keys.
struct Registry {
  std::vector<std::string> hubs;  // accepted names, lower case; at least one
  std::unordered_map<std::string, hub::SharedAccessKey> policies;
  std::unordered_map<std::string, DeviceIdentity> devices;
  bool acceptUnknownDevices = false;

  // Host names compare without case.
  bool namesThisHub(std::string_view host) const;
};

// Errors name `source`, line and column.
[[nodiscard]] base::Explained<Registry> parseRegistry(const std::string& yaml, const std::string& source);
[[nodiscard]] base::Explained<Registry> readRegistry(const std::string& file);

}  // namespace spheregate::hubsim
