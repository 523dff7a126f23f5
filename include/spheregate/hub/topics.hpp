#pragma once

#include <string>
#include <string_view>

// Topics of the IoT Hub dialect, as seen from a device.
namespace spheregate::hub {

enum class PublishKind {
  telemetry,       // devices/{id}/messages/events/{bag}
  twinGet,         // $iothub/twin/GET/?$rid=
  twinReported,    // $iothub/twin/PATCH/properties/reported/?$rid=
  methodResponse,  // $iothub/methods/res/{status}/?$rid=
  otherDevice,     // somebody else's devices/{...}: a spoofing attempt or a wrong client
  unknown,
};

struct PublishTopic {
  PublishKind kind = PublishKind::unknown;
  std::string_view suffix{};  // telemetry: everything after `events`, leading slash included, byte for byte (may be empty)
  std::string_view rid{};     // the value of $rid, verbatim; empty when there is none
  int status = 0;           // methodResponse
  std::string_view query{};   // twinGet, twinReported, methodResponse: everything after the `?`
};

// Judges what `deviceId` may publish to. Compares ids byte for byte. A module's topic of the same device is `unknown`.
[[nodiscard]] PublishTopic classifyPublish(std::string_view topic, std::string_view deviceId);

enum class FilterKind { cloudToDevice, twinResponses, desiredProperties, methods, otherDevice, unknown };

[[nodiscard]] FilterKind classifyFilter(std::string_view filter, std::string_view deviceId);

enum class HubTopicKind { cloudToDevice, twinResponse, desiredProperties, method, unknown };

struct HubTopic {
  HubTopicKind kind = HubTopicKind::unknown;
  std::string_view rid{};    // twinResponse, method
  std::string_view query{};  // everything after the `?`
  int status = 0;          // twinResponse
};

// What the hub publishes to `deviceId`.
[[nodiscard]] HubTopic classifyFromHub(std::string_view topic, std::string_view deviceId);

// `query` with another $rid in front and the rest as it was.
[[nodiscard]] std::string withRid(std::string_view query, std::string_view rid);

inline constexpr std::string_view kTwinResponseFilter = "$iothub/twin/res/#";
inline constexpr std::string_view kDesiredFilter = "$iothub/twin/PATCH/properties/desired/#";
inline constexpr std::string_view kMethodsFilter = "$iothub/methods/POST/#";
inline constexpr std::string_view kMethodResponseTopic = "$iothub/methods/res/";
inline constexpr std::string_view kReportedTopic = "$iothub/twin/PATCH/properties/reported/?";

// `devices/{id}/messages/events`: the telemetry topic without its suffix.
[[nodiscard]] std::string telemetryPrefix(std::string_view deviceId);
// `devices/{id}/messages/devicebound/#`
[[nodiscard]] std::string cloudToDeviceFilter(std::string_view deviceId);
// The one filter of its kind; empty for kinds that no device may follow.
[[nodiscard]] std::string filterOf(FilterKind kind, std::string_view deviceId);

}  // namespace spheregate::hub
