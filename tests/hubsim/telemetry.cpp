#include "hubsim/telemetry.hpp"

#include <algorithm>
#include <vector>

#include "hubsim/client_id.hpp"
#include "hubsim/limits.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/topics.hpp"

namespace spheregate::hubsim {

bool hasProperty(std::string_view suffix, std::string_view key) {
  if (key.empty()) return false;
  const auto bag = hub::parseBag(suffix).value_or(std::vector<hub::Property>{});
  return std::any_of(bag.begin(), bag.end(), [key](const hub::Property& property) { return property.key == key; });
}

bool readableBag(std::string_view suffix) {
  return suffix.find('%') == std::string_view::npos || hub::parseBag(suffix).has_value();
}

bool fitsMessage(std::string_view suffix, std::size_t payloadBytes) {
  if (suffix.size() + payloadBytes <= kMessageBytesMax) return true;
  std::size_t bytes = payloadBytes;
  for (const hub::Property& property : hub::parseBag(suffix).value_or(std::vector<hub::Property>{}))
    bytes += property.key.size() + property.value.value_or("").size();
  return bytes <= kMessageBytesMax;
}

bool readWill(const mqtt::Connect& connect, const std::string& device, std::optional<Message>& will) {
  if (!connect.will) return true;
  const hub::PublishTopic topic = hub::classifyPublish(connect.will->topic, topicIdOf(device));
  if (topic.kind != hub::PublishKind::telemetry || connect.will->qos > 1 || !readableBag(topic.suffix)) return false;
  will.emplace();
  will->suffix = topic.suffix;
  will->payload.assign(connect.will->payload.begin(), connect.will->payload.end());
  will->qos = connect.will->qos;
  will->retain = connect.will->retain;
  will->will = true;
  return true;
}

}  // namespace spheregate::hubsim
