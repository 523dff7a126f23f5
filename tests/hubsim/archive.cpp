#include "hubsim/archive.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "hubsim/base64.hpp"
#include "hubsim/client_id.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/topics.hpp"

namespace spheregate::hubsim {
namespace {

void appendText(std::string& out, std::string_view text) {
  // A percent-encoded value may decode to anything; what is not UTF-8 shows as U+FFFD.
  out += nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void appendProperties(std::string& out, const Message& message) {
  auto properties = hub::parseBag(message.suffix).value_or(std::vector<hub::Property>{});
  // IoT Hub marks wills so.
  if (message.will) properties.push_back({"iothub-MessageType", "Will"});
  out += '[';
  for (std::size_t i = 0; i < properties.size(); ++i) {
    out += i == 0 ? "[" : ",[";
    appendText(out, properties[i].key);
    out += ',';
    if (properties[i].value)
      appendText(out, *properties[i].value);
    else
      out += "null";
    out += ']';
  }
  out += ']';
}

void appendMessage(std::string& out, std::uint64_t index, const Message& message) {
  const auto flag = [](bool set) { return set ? "true" : "false"; };
  out += "{\"index\":" + std::to_string(index) + ",\"device\":";
  appendText(out, *message.device);
  out += ",\"topic\":";
  appendText(out, hub::telemetryPrefix(topicIdOf(*message.device)) + message.suffix);
  out += ",\"payload\":\"";
  appendBase64(out, message.payload);
  out += "\",\"properties\":";
  appendProperties(out, message);
  out += ",\"qos\":" + std::to_string(message.qos);
  out += std::string{",\"dup\":"} + flag(message.dup) + ",\"retain\":" + flag(message.retain);
  out += ",\"connection\":" + std::to_string(message.connection) + ",\"at_ms\":" + std::to_string(message.atMs);
  out += std::string{",\"acknowledged\":"} + flag(message.acknowledged) + "}";
}

}  // namespace

Archive::Place Archive::add(Message message) {
  if (messagesMax_ == 0) return {};
  const Place place{generation_, first_ + messages_.size()};
  messages_.push_back(std::move(message));
  if (messages_.size() > messagesMax_) {
    messages_.pop_front();
    ++first_;
  }
  return place;
}

void Archive::acknowledge(const Place& place) {
  if (place.generation != generation_ || place.index < first_ || place.index - first_ >= messages_.size()) return;
  messages_[static_cast<std::size_t>(place.index - first_)].acknowledged = true;
}

void Archive::clear() {
  messages_.clear();
  first_ = 0;
  ++generation_;
}

std::string Archive::json(const std::optional<std::string>& device, std::uint64_t from, std::size_t limit) const {
  std::string out = "[";
  std::size_t written = 0;
  const std::uint64_t end = first_ + messages_.size();
  for (std::uint64_t index = std::max(from, first_); index < end && written < limit; ++index) {
    const Message& message = at(index);
    if (device && *device != *message.device) continue;
    if (written++ > 0) out += ",\n";
    appendMessage(out, index, message);
  }
  return out += "]\n";
}

}  // namespace spheregate::hubsim
