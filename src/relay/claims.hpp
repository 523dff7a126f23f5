#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spheregate/mqtt/packets.hpp"

namespace spheregate::relay {

// What is wrong with what somebody says of itself, in its own words and those of its certificate.
struct ClaimFault {
  const char* result;  // label of the metric
  std::string reason;
  std::string fix;
};

// Whether client id and username speak for the device of the certificate, and the username for the hub that is served here. An SDK
// writes into it the name it dialled or the name of the hub; both may have several spellings, so only another IoT Hub is a fault. `query`
// is what the username carries for the hub. A difference in letter case alone is the mistake people make with Azure Sphere, whose tools
// print device ids in capitals.
std::optional<ClaimFault> claimFault(const mqtt::Connect& connect, std::string_view certifiedId, std::string_view hub,
                                     std::string_view& query);

// Why a device may not publish to a topic that names another device than its certificate, or none.
ClaimFault topicFault(std::string_view topic, std::string_view certifiedId);
ClaimFault filterFault(std::string_view filter, std::string_view certifiedId);

}  // namespace spheregate::relay
