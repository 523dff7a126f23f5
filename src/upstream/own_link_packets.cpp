#include <algorithm>

#include "spheregate/base/log.hpp"
#include "spheregate/mqtt/encoder.hpp"
#include "spheregate/upstream/own_link.hpp"

// What the hub says on a link, and what the link asks it to say.
namespace spheregate::upstream {
namespace {

// Acknowledgements, and at most a cloud-to-device message of 64 KB.
constexpr std::size_t kPacketBytesMax = 256 * 1024;

}  // namespace

std::size_t OwnLink::consume(base::ByteView bytes) {
  std::size_t used = 0;
  while (wire_) {
    mqtt::Frame frame;
    const auto framing = mqtt::nextFrame(bytes.subspan(used), kPacketBytesMax, frame);
    if (!framing) {
      fail("the hub sent something that is not MQTT: " + framing.error().message());
      break;
    }
    if (*framing == mqtt::Framing::incomplete) break;
    used += frame.size;
    if (!handle(frame)) break;
  }
  return used;
}

bool OwnLink::handle(const mqtt::Frame& frame) {
  if (state_ == State::connecting) {
    if (frame.type == mqtt::PacketType::connack) return handleConnack(frame);
    fail("the hub did not begin with CONNACK");
    return false;
  }
  switch (frame.type) {
    case mqtt::PacketType::puback:
      return handlePuback(frame);
    case mqtt::PacketType::publish:
      return handlePublish(frame);
    case mqtt::PacketType::suback:
      return handleSuback(frame);
    case mqtt::PacketType::unsuback:
      return true;
    case mqtt::PacketType::pingresp:
      pingWaiting_ = false;
      return true;
    default:
      fail("the hub sent a packet that was not asked for");
      return false;
  }
}

bool OwnLink::handlePuback(const mqtt::Frame& frame) {
  const auto id = mqtt::parsePacketId(frame);
  if (!id) {
    fail("the hub sent a malformed PUBACK: " + id.error().message());
    return false;
  }
  const auto entry = inflight_.acknowledge(*id);
  if (!entry) return true;
  failures_ = 0;
  loaded_ = false;
  context_.weather.acknowledged(*this);
  context_.metrics.ackSeconds.observe(std::chrono::duration<double>(context_.timers.now() - entry->sent).count());
  user_.linkAcknowledged(*this, entry->token);
  return wire_ != nullptr;
}

bool OwnLink::handlePublish(const mqtt::Frame& frame) {
  const auto message = mqtt::parsePublish(frame);
  if (!message || message->qos == 2) {
    fail("the hub sent a PUBLISH that is malformed or has QoS 2");
    return false;
  }
  user_.linkMessage(*this, *message);
  return wire_ != nullptr;
}

bool OwnLink::handleSuback(const mqtt::Frame& frame) {
  const auto suback = mqtt::parseSuback(frame);
  const bool refused = suback && std::find(suback->codes.begin(), suback->codes.end(), 0x80) != suback->codes.end();
  if (refused) base::logWarn("hub refused a subscription", {{"device", deviceId_}});
  return true;
}

bool OwnLink::handleConnack(const mqtt::Frame& frame) {
  const auto connack = mqtt::parseConnack(frame);
  if (!connack) {
    attemptFailed(Trouble::unreachable, "the hub's CONNACK is malformed");
    return false;
  }
  if (connack->code == mqtt::ConnackCode::accepted) {
    becomeUp();
    return wire_ != nullptr;
  }
  if (connack->code == mqtt::ConnackCode::notAuthorized) context_.credentials.refused(deviceId_);
  attemptFailed(connack->code == mqtt::ConnackCode::unavailable ? Trouble::busy : Trouble::refused,
                refusal(connack->code));
  return false;
}

void OwnLink::follow(std::string_view filter, std::uint8_t qos) {
  const auto known = followed_.find(filter);
  if (known != followed_.end() && known->second == qos) return;
  followed_.insert_or_assign(std::string{filter}, qos);
  if (state_ == State::up) subscribe({{.filter = filter, .qos = qos}});
}

void OwnLink::unfollow(std::string_view filter) {
  const auto known = followed_.find(filter);
  if (known == followed_.end()) return;
  if (state_ == State::up) {
    mqtt::appendUnsubscribe(wire_->outbox(), {.packetId = inflight_.takeId(), .filters = {filter}});
    wire_->flush();
  }
  followed_.erase(known);
}

void OwnLink::subscribe(const std::vector<mqtt::Filter>& filters) {
  sent_ = context_.timers.now();
  mqtt::appendSubscribe(wire_->outbox(), {.packetId = inflight_.takeId(), .filters = filters});
  wire_->flush();
}

}  // namespace spheregate::upstream
