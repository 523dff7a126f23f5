#include "hubsim/transcript.hpp"

#include <algorithm>

#include "hubsim/base64.hpp"
#include "hubsim/json_text.hpp"
#include "hubsim/limits.hpp"
#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

using mqtt::PacketType;

constexpr const char* kNames[] = {"",        "CONNECT",  "CONNACK",   "PUBLISH", "PUBACK",      "PUBREC",
                                  "PUBREL",  "PUBCOMP",  "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK",
                                  "PINGREQ", "PINGRESP", "DISCONNECT"};

void showConnect(const mqtt::Connect& connect, Json& out) {
  out["client_id"] = connect.clientId;
  out["username"] = connect.username.value_or("");
  out["clean_session"] = connect.cleanSession;
  out["keep_alive"] = connect.keepAliveSeconds;
  if (connect.will) out["will_topic"] = connect.will->topic;
}

void showPublish(const mqtt::Publish& publish, Json& out) {
  out["topic"] = publish.topic;
  out["payload"] = base64(publish.payload);
  out["qos"] = publish.qos;
  out["dup"] = publish.dup;
  out["retain"] = publish.retain;
  if (publish.qos > 0) out["packet_id"] = publish.packetId;
}

void showSubscribe(const mqtt::Subscribe& subscribe, Json& out) {
  out["packet_id"] = subscribe.packetId;
  for (const mqtt::Filter& filter : subscribe.filters) out["filters"].push_back({filter.filter, filter.qos});
}

// Only what decodes well is shown in detail: a device may have sent anything before it was closed for it.
Json show(base::ByteView packet) {
  mqtt::Frame frame;
  const auto framing = mqtt::nextFrame(packet, kPacketBytesMax, frame);
  if (!framing || *framing != mqtt::Framing::complete) return {{"type", "MALFORMED"}};
  Json out{{"type", kNames[static_cast<std::size_t>(frame.type)]}};
  if (frame.type == PacketType::connect)
    if (const auto connect = mqtt::parseConnect(frame)) showConnect(*connect, out);
  if (frame.type == PacketType::connack)
    if (const auto connack = mqtt::parseConnack(frame))
      out.update({{"code", static_cast<int>(connack->code)}, {"session_present", connack->sessionPresent}});
  if (frame.type == PacketType::publish)
    if (const auto publish = mqtt::parsePublish(frame)) showPublish(*publish, out);
  if (frame.type == PacketType::puback || frame.type == PacketType::unsuback)
    if (const auto id = mqtt::parsePacketId(frame)) out["packet_id"] = *id;
  if (frame.type == PacketType::subscribe)
    if (const auto subscribe = mqtt::parseSubscribe(frame)) showSubscribe(*subscribe, out);
  if (frame.type == PacketType::suback)
    if (const auto suback = mqtt::parseSuback(frame)) out.update({{"packet_id", suback->packetId}, {"codes", suback->codes}});
  if (frame.type == PacketType::unsubscribe)
    if (const auto unsubscribe = mqtt::parseUnsubscribe(frame))
      out.update({{"packet_id", unsubscribe->packetId}, {"filters", unsubscribe->filters}});
  return out;
}

base::Bytes withoutPassword(base::ByteView packet) {
  mqtt::Frame frame;
  const auto framing = mqtt::nextFrame(packet, kPacketBytesMax, frame);
  base::Bytes out;
  if (!framing || *framing != mqtt::Framing::complete || frame.type != PacketType::connect) return out;
  auto connect = mqtt::parseConnect(frame);
  if (!connect) return out;
  connect->password.reset();
  mqtt::appendConnect(out, *connect);
  return out;
}

}  // namespace

void Transcript::record(const std::shared_ptr<const std::string>& device, std::uint64_t connection, Direction direction,
                        base::ByteView packet) {
  if (!enabled_ || packet.empty()) return;
  const bool connect = packet[0] >> 4 == static_cast<std::uint8_t>(PacketType::connect);
  entries_.push_back(
      {device, connection, direction, connect ? withoutPassword(packet) : base::Bytes{packet.begin(), packet.end()}});
  bytes_ += entries_.back().packet.size();
  while (entries_.size() > kTranscriptPacketsMax || bytes_ > kTranscriptBytesMax) {
    bytes_ -= entries_.front().packet.size();
    entries_.pop_front();
    ++first_;
  }
}

void Transcript::clear() {
  entries_.clear();
  bytes_ = 0;
  first_ = 0;
}

std::string Transcript::json(const std::optional<std::string>& device, std::uint64_t from, std::size_t limit) const {
  std::string out = "[";
  std::size_t written = 0;
  const std::uint64_t end = first_ + entries_.size();
  for (std::uint64_t index = std::max(from, first_); index < end && written < limit; ++index) {
    const Entry& entry = entries_[static_cast<std::size_t>(index - first_)];
    if (device && *device != *entry.device) continue;
    Json shown = show(entry.packet);
    shown["index"] = index;
    shown["device"] = *entry.device;
    shown["connection"] = entry.connection;
    shown["from"] = entry.direction == Direction::fromDevice ? "device" : "hub";
    out += (written++ > 0 ? ",\n" : "") + dumped(shown);
  }
  return out += "]\n";
}

}  // namespace spheregate::hubsim
