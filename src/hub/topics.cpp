#include "spheregate/hub/topics.hpp"

#include <charconv>

#include "query.hpp"

namespace spheregate::hub {
namespace {

constexpr std::string_view kDevices = "devices/";
constexpr std::string_view kEvents = "/messages/events";
constexpr std::string_view kDeviceBound = "/messages/devicebound/#";
constexpr std::string_view kTwinGet = "$iothub/twin/GET/";
constexpr std::string_view kTwinReported = "$iothub/twin/PATCH/properties/reported/";

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// `devices/{id}` taken off the front. False when the first level after `devices/` is anything but `deviceId`.
bool takeOwnId(std::string_view& text, std::string_view deviceId) {
  if (!text.starts_with(deviceId)) return false;
  if (text.size() > deviceId.size() && text[deviceId.size()] != '/') return false;
  text.remove_prefix(deviceId.size());
  return true;
}

std::string_view ridOf(std::string_view query) {
  while (!query.empty()) {
    const Item item = splitItem(takeItem(query));
    if (item.hasValue && item.key == "$rid") return item.value;
  }
  return {};
}

// What follows the fixed part of a twin or method topic: nothing, or `?` and a query.
PublishTopic request(PublishKind kind, std::string_view rest) {
  if (rest.empty()) return {.kind = kind};
  if (!take(rest, "?")) return {};
  return {.kind = kind, .rid = ridOf(rest), .query = rest};
}

bool readStatus(std::string_view text, int& status) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), status);
  return error == std::errc{} && end == text.data() + text.size();
}

PublishTopic methodResponse(std::string_view rest) {
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return {};
  int status = 0;
  if (!readStatus(rest.substr(0, slash), status)) return {};
  PublishTopic topic = request(PublishKind::methodResponse, rest.substr(slash + 1));
  if (topic.kind == PublishKind::methodResponse) topic.status = status;
  return topic;
}

}  // namespace

PublishTopic classifyPublish(std::string_view topic, std::string_view deviceId) {
  if (take(topic, kDevices)) {
    if (!takeOwnId(topic, deviceId)) return {.kind = PublishKind::otherDevice};
    const bool events = take(topic, kEvents) && (topic.empty() || topic.front() == '/');
    return events ? PublishTopic{.kind = PublishKind::telemetry, .suffix = topic} : PublishTopic{};
  }
  if (take(topic, kTwinGet)) return request(PublishKind::twinGet, topic);
  if (take(topic, kTwinReported)) return request(PublishKind::twinReported, topic);
  if (take(topic, kMethodResponseTopic)) return methodResponse(topic);
  return {};
}

HubTopic classifyFromHub(std::string_view topic, std::string_view deviceId) {
  if (take(topic, kDevices)) {
    const bool own = takeOwnId(topic, deviceId) && topic.starts_with("/messages/devicebound/");
    return own ? HubTopic{.kind = HubTopicKind::cloudToDevice} : HubTopic{};
  }
  if (take(topic, "$iothub/twin/res/")) {
    const std::size_t slash = topic.find('/');
    int status = 0;
    if (slash == std::string_view::npos || !readStatus(topic.substr(0, slash), status)) return {};
    topic.remove_prefix(slash + 1);
    if (!take(topic, "?")) return {};
    return {.kind = HubTopicKind::twinResponse, .rid = ridOf(topic), .query = topic, .status = status};
  }
  if (take(topic, "$iothub/twin/PATCH/properties/desired/")) {
    return {.kind = HubTopicKind::desiredProperties, .query = topic.starts_with('?') ? topic.substr(1) : std::string_view{}};
  }
  if (take(topic, "$iothub/methods/POST/")) {
    const std::size_t mark = topic.find("/?");
    if (mark == std::string_view::npos) return {};
    topic.remove_prefix(mark + 2);
    return {.kind = HubTopicKind::method, .rid = ridOf(topic), .query = topic};
  }
  return {};
}

std::string withRid(std::string_view query, std::string_view rid) {
  std::string made{"$rid="};
  made += rid;
  while (!query.empty()) {
    const std::string_view item = takeItem(query);
    if (item.empty() || splitItem(item).key == "$rid") continue;
    made += '&';
    made += item;
  }
  return made;
}

FilterKind classifyFilter(std::string_view filter, std::string_view deviceId) {
  if (take(filter, kDevices)) {
    if (!takeOwnId(filter, deviceId)) return FilterKind::otherDevice;
    return filter == kDeviceBound ? FilterKind::cloudToDevice : FilterKind::unknown;
  }
  if (filter == kTwinResponseFilter) return FilterKind::twinResponses;
  if (filter == kDesiredFilter) return FilterKind::desiredProperties;
  if (filter == kMethodsFilter) return FilterKind::methods;
  return FilterKind::unknown;
}

std::string telemetryPrefix(std::string_view deviceId) {
  std::string topic;
  topic.reserve(kDevices.size() + deviceId.size() + kEvents.size());
  return topic.append(kDevices).append(deviceId).append(kEvents);
}

std::string cloudToDeviceFilter(std::string_view deviceId) {
  std::string filter;
  filter.reserve(kDevices.size() + deviceId.size() + kDeviceBound.size());
  return filter.append(kDevices).append(deviceId).append(kDeviceBound);
}

std::string filterOf(FilterKind kind, std::string_view deviceId) {
  switch (kind) {
    case FilterKind::cloudToDevice: return cloudToDeviceFilter(deviceId);
    case FilterKind::twinResponses: return std::string{kTwinResponseFilter};
    case FilterKind::desiredProperties: return std::string{kDesiredFilter};
    case FilterKind::methods: return std::string{kMethodsFilter};
    case FilterKind::otherDevice:
    case FilterKind::unknown: break;
  }
  return {};
}

}  // namespace spheregate::hub
