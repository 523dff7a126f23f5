#include "spheregate/session/conversation.hpp"

#include <algorithm>
#include <utility>

#include "spheregate/base/check.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::session {
namespace {

using mqtt::PacketType;

// Room for the topic's prefix with a 128-character id, packet id and fixed header, over what settings allow for suffix and
// payload.
constexpr std::size_t kFrameOverheadMax = 8 * 1024;
// A will's payload has at most 65,535 bytes; the rest is for its topic, client id and username. Whoever has not said who it is
// gets no more memory than that.
constexpr std::size_t kConnectBytesMax = 72 * 1024;
// The hub keeps at most 50 cloud-to-device messages for a device.
constexpr std::size_t kDeliveringMax = 50;
// Our own packet ids begin here, clear of those that the hub gives to cloud-to-device messages.
constexpr mqtt::PacketId kOwnIdsFirst = 0x8000;

}  // namespace

const char* label(Ending ending) {
  switch (ending) {
    case Ending::disconnected: return "disconnected";
    case Ending::lost: return "lost";
    case Ending::protocolError: return "protocol_error";
    case Ending::protocolVersion: return "protocol_version";
    case Ending::keepAliveExpired: return "keep_alive_expired";
    case Ending::connectTimedOut: return "connect_timeout";
    case Ending::refused: return "refused";
    case Ending::forbidden: return "forbidden";
    case Ending::tooSlow: return "too_slow";
    case Ending::takenOver: return "taken_over";
    case Ending::shutDown: return "shut_down";
  }
  return "other";
}

Conversation::Conversation(std::unique_ptr<base::Wire> wire, std::string certifiedId, std::uint64_t number, const Settings& settings,
                           base::Timers& timers, Host& host)
    : wire_{std::move(wire)},
      certifiedId_{std::move(certifiedId)},
      number_{number},
      settings_{settings},
      timers_{timers},
      host_{host},
      deadline_{timers} {}

Conversation::~Conversation() = default;

void Conversation::start() {
  deadline_.after(settings_.connectTimeout, [this] { end(Ending::connectTimedOut, "no complete CONNECT in time"); });
  wire_->attach(*this);
}

void Conversation::acknowledgeThrough(std::uint64_t token) {
  if (state_ != State::live) return;
  bool any = false;
  while (!unacknowledged_.empty() && unacknowledged_.front().token <= token) {
    mqtt::appendPuback(wire_->outbox(), unacknowledged_.front().packetId);
    unacknowledged_.pop_front();
    any = true;
  }
  if (!any) return;
  wire_->flush();
  unpauseIfPossible();
}

bool Conversation::deliver(const mqtt::Publish& message, std::uint64_t token) {
  if (state_ != State::live || wire_->backlog() > base::Wire::kHighWater || delivering_.size() >= kDeliveringMax) return false;
  mqtt::Publish packet = message;
  packet.packetId = 0;
  if (packet.qos > 0) {
    packet.packetId = deliveryId(message.packetId);
    delivering_.push_back({token, packet.packetId});
  }
  mqtt::appendPublish(wire_->outbox(), packet);
  wire_->flush();
  return true;
}

// A message that is sent again, on this connection or a later one, keeps its id (§4.4): a device that acknowledges late, after it has
// reconnected, must not acknowledge another message. So the host's id is used unless the device owes an acknowledgement for it.
mqtt::PacketId Conversation::deliveryId(mqtt::PacketId wanted) {
  const auto owed = [this](mqtt::PacketId id) {
    return std::any_of(delivering_.begin(), delivering_.end(), [id](const Unacknowledged& one) { return one.packetId == id; });
  };
  if (wanted != 0 && !owed(wanted)) return wanted;
  // There are far more ids than messages on their way.
  do lastOwnId_ = lastOwnId_ == 0xFFFF ? kOwnIdsFirst : static_cast<mqtt::PacketId>(lastOwnId_ + 1);
  while (owed(lastOwnId_));
  return lastOwnId_;
}

void Conversation::resume() {
  held_ = false;
  unpauseIfPossible();
}

void Conversation::end(Ending ending, std::string_view detail) {
  if (state_ == State::awaitingConnect && ending == Ending::shutDown) {
    mqtt::appendConnack(wire_->outbox(), {.sessionPresent = false, .code = mqtt::ConnackCode::unavailable});
  }
  finish(ending, detail, true);
}

void Conversation::wireBytes(base::ByteView bytes) {
  heard_ = timers_.now();
  pump(bytes);
}

void Conversation::wireDrained() { unpauseIfPossible(); }

void Conversation::wireClosed(std::string_view reason) { finish(Ending::lost, reason, false); }

// Whole packets are handled in place; only an unfinished rest is copied.
void Conversation::pump(base::ByteView bytes) {
  if (pumping_ || state_ == State::ended) return;
  pumping_ = true;
  if (input_.empty()) {
    const std::size_t used = consume(bytes);
    if (state_ != State::ended) keep(bytes.subspan(used));
  } else {
    keep(bytes);
    const std::size_t used = consume(input_);
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
  }
  if (input_.empty() && input_.capacity() > 1024) base::Bytes{}.swap(input_);
  pumping_ = false;
}

// Growing by doubling alone would give an unfinished CONNECT twice the memory that it may have.
void Conversation::keep(base::ByteView bytes) {
  const std::size_t size = input_.size() + bytes.size();
  if (size > input_.capacity() && state_ == State::awaitingConnect) input_.reserve(std::max(size, std::min(2 * size, kConnectBytesMax)));
  base::append(input_, bytes);
}

std::size_t Conversation::consume(base::ByteView bytes) {
  std::size_t used = 0;
  while (state_ != State::ended && !blocked()) {
    mqtt::Frame frame;
    const std::size_t bytesMax =
        state_ == State::awaitingConnect ? kConnectBytesMax : settings_.messageBytesMax + kFrameOverheadMax;
    const auto framing = mqtt::nextFrame(bytes.subspan(used), bytesMax, frame);
    if (!framing) {
      fail(framing.error());
      break;
    }
    if (*framing == mqtt::Framing::incomplete) break;
    if (handle(frame) == Step::stop) break;
    used += frame.size;
  }
  if (blocked()) pause();
  return used;
}

Conversation::Step Conversation::handle(const mqtt::Frame& frame) {
  if (state_ == State::awaitingConnect) {
    if (frame.type == PacketType::connect) return handleConnect(frame);
    return fail("the first packet is not CONNECT");
  }
  switch (frame.type) {
    case PacketType::publish: return handlePublish(frame);
    case PacketType::subscribe: return handleSubscribe(frame);
    case PacketType::unsubscribe: return handleUnsubscribe(frame);
    case PacketType::pingreq:
    case PacketType::disconnect: return handleEmpty(frame);
    case PacketType::connect: return fail("a second CONNECT on one connection");
    case PacketType::puback: return handlePuback(frame);
    default: return fail("a packet type that a device must not send");
  }
}

Conversation::Step Conversation::handleConnect(const mqtt::Frame& frame) {
  const auto connect = mqtt::parseConnect(frame);
  if (!connect && connect.error() == mqtt::Errc::badProtocolLevel) {
    // §3.1.2.2: a client that speaks another version hears so before the connection ends.
    mqtt::appendConnack(wire_->outbox(), {.sessionPresent = false, .code = mqtt::ConnackCode::badProtocol});
    finish(Ending::protocolVersion, connect.error().message(), true);
    return Step::stop;
  }
  if (!connect) return fail(connect.error());
  const ConnectAnswer answer = host_.connecting(*this, *connect);
  if (state_ == State::ended) return Step::stop;
  const bool accepted = answer.code == mqtt::ConnackCode::accepted;
  mqtt::appendConnack(wire_->outbox(), {.sessionPresent = accepted && answer.sessionPresent, .code = answer.code});
  if (!accepted) {
    finish(Ending::refused, "CONNECT refused", true);
    return Step::stop;
  }
  state_ = State::live;
  wire_->admitted();
  wire_->flush();
  if (connect->will) {
    will_ = std::make_unique<StoredWill>();
    will_->topic = connect->will->topic;
    will_->payload.assign(connect->will->payload.begin(), connect->will->payload.end());
    will_->qos = connect->will->qos;
    will_->retain = connect->will->retain;
  }
  watchKeepAlive(connect->keepAliveSeconds);
  host_.listening(*this);
  return state_ == State::ended ? Step::stop : Step::next;
}

Conversation::Step Conversation::handlePublish(const mqtt::Frame& frame) {
  const auto publish = mqtt::parsePublish(frame);
  if (!publish) return fail(publish.error());
  // IoT Hub does not take QoS 2; it closes the connection.
  if (publish->qos == 2) return fail("QoS 2 is not supported by IoT Hub");
  if (retransmission(*publish)) return Step::next;
  const PublishAnswer answer = host_.published(*this, *publish);
  if (state_ == State::ended) return Step::stop;
  switch (answer.kind) {
    case PublishAnswer::Kind::hold: held_ = true; return Step::stop;
    case PublishAnswer::Kind::close: finish(Ending::forbidden, "the PUBLISH is not allowed", true); return Step::stop;
    case PublishAnswer::Kind::taken:
      if (publish->qos == 1) unacknowledged_.push_back({answer.token, publish->packetId});
      return Step::next;
    case PublishAnswer::Kind::acknowledge:
      if (publish->qos == 0) return Step::next;
      if (unacknowledged_.empty()) {
        mqtt::appendPuback(wire_->outbox(), publish->packetId);
        wire_->flush();
      } else {
        unacknowledged_.push_back({unacknowledged_.back().token, publish->packetId});
      }
      return Step::next;
  }
  return Step::next;
}

// A PUBACK that nobody waits for harms nobody.
Conversation::Step Conversation::handlePuback(const mqtt::Frame& frame) {
  const auto id = mqtt::parsePacketId(frame);
  if (!id) return fail(id.error());
  const auto entry = std::find_if(delivering_.begin(), delivering_.end(), [&](const Unacknowledged& one) { return one.packetId == *id; });
  if (entry == delivering_.end()) return Step::next;
  const std::uint64_t token = entry->token;
  delivering_.erase(entry);
  host_.received(*this, token);
  return state_ == State::ended ? Step::stop : Step::next;
}

Conversation::Step Conversation::handleSubscribe(const mqtt::Frame& frame) {
  const auto subscribe = mqtt::parseSubscribe(frame);
  if (!subscribe) return fail(subscribe.error());
  mqtt::Suback suback{.packetId = subscribe->packetId, .codes = {}};
  for (const mqtt::Filter& filter : subscribe->filters) suback.codes.push_back(host_.subscribing(*this, filter));
  mqtt::appendSuback(wire_->outbox(), suback);
  wire_->flush();
  host_.listening(*this);
  return state_ == State::ended ? Step::stop : Step::next;
}

Conversation::Step Conversation::handleUnsubscribe(const mqtt::Frame& frame) {
  const auto unsubscribe = mqtt::parseUnsubscribe(frame);
  if (!unsubscribe) return fail(unsubscribe.error());
  for (const std::string_view filter : unsubscribe->filters) host_.unsubscribing(*this, filter);
  mqtt::appendUnsuback(wire_->outbox(), unsubscribe->packetId);
  wire_->flush();
  return Step::next;
}

Conversation::Step Conversation::handleEmpty(const mqtt::Frame& frame) {
  const auto empty = mqtt::parseEmpty(frame);
  if (!empty) return fail(empty.error());
  if (frame.type == PacketType::disconnect) {
    will_.reset();  // §3.14.4-3
    finish(Ending::disconnected, "", true);
    return Step::stop;
  }
  mqtt::appendPingresp(wire_->outbox());
  wire_->flush();
  return Step::next;
}

Conversation::Step Conversation::fail(std::string_view detail) {
  finish(Ending::protocolError, detail, true);
  return Step::stop;
}

Conversation::Step Conversation::fail(const boost::system::error_code& error) { return fail(error.message()); }

// A packet id may not be used again before its PUBACK (§2.3.1), so the same id with DUP is the message that is being kept.
bool Conversation::retransmission(const mqtt::Publish& publish) const {
  if (!publish.dup) return false;
  return std::any_of(unacknowledged_.begin(), unacknowledged_.end(),
                     [&](const Unacknowledged& entry) { return entry.packetId == publish.packetId; });
}

bool Conversation::noRoom() const { return held_ || unacknowledged_.size() >= settings_.unacknowledgedMax; }

bool Conversation::blocked() const { return noRoom() || wire_->backlog() > base::Wire::kHighWater; }

void Conversation::pause() {
  if (paused_ || state_ == State::ended) return;
  paused_ = true;
  wire_->pauseReading();
}

void Conversation::unpauseIfPossible() {
  if (!paused_ || state_ == State::ended || pumping_ || blocked()) return;
  paused_ = false;
  pump({});
  // What was waiting may have filled the room again.
  if (paused_ || state_ == State::ended) return;
  heard_ = timers_.now();
  wire_->resumeReading();
}

void Conversation::watchKeepAlive(std::uint16_t seconds) {
  // §3.1.2.10: one and a half times the keep-alive; the hub's own limit where there is none or a longer one.
  const base::Duration asked = std::chrono::milliseconds{seconds * 1500};
  silenceMax_ = seconds == 0 ? base::Duration{settings_.keepAliveMax} : std::min<base::Duration>(asked, settings_.keepAliveMax);
  heard_ = timers_.now();
  deadline_.at(heard_ + silenceMax_, [this] { checkKeepAlive(); });
}

void Conversation::checkKeepAlive() {
  const base::MonoTime now = timers_.now();
  // While we have no room, silence is our own doing. While the device does not take what it is sent, it is the device's.
  if (paused_ && noRoom()) heard_ = now;
  if (now - heard_ >= silenceMax_) return finish(Ending::keepAliveExpired, "nothing heard for 1.5 times the keep-alive", true);
  deadline_.at(heard_ + silenceMax_, [this] { checkKeepAlive(); });
}

void Conversation::finish(Ending ending, std::string_view detail, bool closeWire) {
  if (state_ == State::ended) return;
  // A gateway that stops is no sign that its devices died.
  const bool willDue = state_ == State::live && ending != Ending::shutDown;
  state_ = State::ended;
  deadline_.cancel();
  if (closeWire) wire_->close();
  const std::unique_ptr<StoredWill> will = willDue ? std::move(will_) : nullptr;
  host_.ended(*this, ending, detail, will.get());
}

}  // namespace spheregate::session
