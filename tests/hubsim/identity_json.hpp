#pragma once

#include <string>
#include <variant>

#include "hubsim/device_identity.hpp"
#include "hubsim/hub_error.hpp"

namespace spheregate::hubsim {

// Identities in the shape of IoT Hub's registry API.
[[nodiscard]] Json identityToJson(const std::string& device, const DeviceIdentity& identity);
// The `$edgeHub` module of an edge.
[[nodiscard]] Json edgeHubToJson(const std::string& device, const DeviceIdentity& identity);

// `former` with what the document says. An identity without a way to log in is given keys, as is an edge's module.
[[nodiscard]] std::variant<DeviceIdentity, HubError> identityFromJson(const std::string& device, const Json& document,
                                                                      DeviceIdentity former);
[[nodiscard]] std::variant<NamedKey, HubError> primaryKeyFromJson(const Json& document);

}  // namespace spheregate::hubsim
