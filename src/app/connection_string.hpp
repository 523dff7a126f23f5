#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spheregate/base/result.hpp"

namespace spheregate::app {

// How the gateway logs in to the hub, as the portal's connection string has it.
struct HubLogin {
  std::string hub;
  std::string key;         // base64
  std::string keyFileKey;  // the key of the configuration that names the file with it
  // Keys of the configuration, dotted, and what they get.
  std::vector<std::pair<std::string, std::string>> given;
  std::string remark;  // what to know about this login; may be empty
};

// With SharedAccessKeyName: `hub_policy`. With DeviceId and the ModuleId $edgeHub: `on_behalf_of`, with any other module refused.
// With DeviceId alone: `gateway_sas` in `mode: shared`, because the key of one device speaks for nobody else. The error repeats
// no part of the text, which is a secret.
base::Explained<HubLogin> parseConnectionString(std::string_view text);

}  // namespace spheregate::app
