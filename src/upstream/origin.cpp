#include "spheregate/upstream/origin.hpp"

#include "spheregate/hub/device_id.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/topics.hpp"

namespace spheregate::upstream {
namespace {

// IoT Hub ends the connection at a larger one, and that connection is everybody's.
constexpr std::size_t kHubMessageBytesMax = 256 * 1024;

}  // namespace

std::size_t originBytes(std::string_view deviceId) {
  constexpr std::size_t kAround = 3;  // a slash before the bag, `&` and `=`
  return kAround + kOriginKey.size() + hub::percentEncode(deviceId).size();
}

std::optional<Objection> originObjection(std::string_view deviceId, std::string_view suffix, std::size_t payloadBytes) {
  const std::size_t added = originBytes(deviceId);
  // The gateway's own name is not known before it has logged in; any may be as long as the longest.
  const std::size_t prefixBytes = hub::telemetryPrefix({}).size() + hub::kDeviceIdBytesMax;
  if (prefixBytes + suffix.size() + added > kTopicBytesMax) {
    return Objection{.reason = "topic_too_long", .sentence = "the topic would not fit with the property that names the device", .fix = "keep the properties below 64,000 bytes: the gateway adds one to them"};
  }
  if (suffix.size() + payloadBytes + added > kHubMessageBytesMax) {
    return Objection{.reason = "too_large", .sentence = "the message would not fit with the property that names the device", .fix = "keep properties and payload 600 bytes below 256 KiB: the gateway adds a property"};
  }
  const auto mentioned = hub::mentionsProperty(suffix, kOriginKey);
  if (!mentioned) return Objection{.reason = "unreadable_properties", .sentence = "the properties cannot be read", .fix = "percent-encode the names and values of properties"};
  if (*mentioned) {
    return Objection{.reason = "forged_origin", .sentence = "the properties name a device themselves", .fix = "do not use the property spheregate-device: the gateway names the device in it"};
  }
  return std::nullopt;
}

}  // namespace spheregate::upstream
