#include "hubsim/conversation.hpp"

#include <algorithm>
#include <chrono>

#include "hubsim/client_id.hpp"
#include "hubsim/limits.hpp"
#include "hubsim/telemetry.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

std::int64_t millisOf(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

}  // namespace

Conversation::Conversation(Hub& hub, std::shared_ptr<base::Wire> wire, ClientCertificate certificate)
    : hub_{hub},
      wire_{std::move(wire)},
      certificate_{std::move(certificate)},
      lastHeard_{hub.timers().now()},
      reader_{kConnectBytesMax},
      writer_{*wire_, hub.transcript()},
      acknowledgements_{hub, writer_, [this](std::string_view reason) { end(reason); }},
      downlink_{hub, writer_, [this](std::string_view reason) { end(reason); }},
      silence_{hub.timers()},
      expiry_{hub.timers()},
      slowReading_{hub.timers()} {}

void Conversation::start() {
  silence_.after(kConnectTimeout, [this] { end("connect_timeout"); });
  wire_->attach(*this);
}

void Conversation::end(std::string_view reason) {
  if (ended_) return;
  ended_ = true;
  silence_.cancel();
  expiry_.cancel();
  slowReading_.cancel();
  acknowledgements_.cancel();
  downlink_.close();
  base::logInfo("connection closed",
                {{"device", base::shortId(*device_)}, {"connection", connection_}, {"peer", wire_->peer()}, {"reason", reason}});
  if (will_) publishWill();
  wire_->close();
  hub_.leave(*this, reason);
}

void Conversation::wireClosed(std::string_view reason) {
  base::logDebug("peer gone", {{"peer", wire_->peer()}, {"reason", reason}});
  end("peer_closed");
}

void Conversation::wireDrained() { steerReading(); }

void Conversation::wireBytes(base::ByteView bytes) {
  if (ended_) return;
  lastHeard_ = hub_.timers().now();
  const std::string_view problem = reader_.read(bytes, [this](const mqtt::Frame& frame, base::ByteView packet) {
    writer_.heard(packet);
    handle(frame, packet);
    return !ended_;
  });
  if (!problem.empty()) end(problem);
  if (ended_) return;
  wire_->flush();
  limitReading(bytes.size());
  steerReading();
}

void Conversation::handle(const mqtt::Frame& frame, base::ByteView packet) {
  using mqtt::PacketType;
  if ((connection_ == 0) != (frame.type == PacketType::connect))
    return end(connection_ == 0 ? "connect_missing" : "second_connect");
  switch (frame.type) {
    case PacketType::connect:
      return handleConnect(frame, packet);
    case PacketType::publish:
      return handlePublish(frame);
    case PacketType::puback:
      return handlePuback(frame);
    case PacketType::subscribe:
      return handleSubscribe(frame);
    case PacketType::unsubscribe:
      return handleUnsubscribe(frame);
    case PacketType::pingreq:
      return handlePingreq(frame);
    case PacketType::disconnect:
      if (!mqtt::parseEmpty(frame)) return end("malformed");
      will_.reset();
      return end("disconnect");
    default:
      return end("unexpected_packet");
  }
}

void Conversation::handleConnect(const mqtt::Frame& frame, base::ByteView packet) {
  const auto connect = mqtt::parseConnect(frame);
  if (!connect && connect.error() == mqtt::Errc::badProtocolLevel) return refuse(Refusal::badProtocolLevel, "");
  if (!connect) {
    hub_.connectJudged("", "malformed");
    return end("malformed");
  }
  const auto verdict = hub_.judge(*connect, certificate_);
  if (const auto* refusal = std::get_if<Refusal>(&verdict)) return refuse(*refusal, connect->clientId);
  accept(*connect, std::get<Login>(verdict), packet);
}

void Conversation::refuse(Refusal refusal, std::string_view clientId) {
  ++hub_.counters().connectsRefused[std::string{refusalName(refusal)}];
  hub_.connectJudged(clientId, refusalName(refusal));
  base::logInfo("connect refused", {{"client", base::shortId(clientId)},
                                    {"peer", wire_->peer()},
                                    {"reason", refusalName(refusal)},
                                    {"certificate", certificate_.problem}});
  const auto code = refusal == Refusal::fault ? static_cast<mqtt::ConnackCode>(hub_.faults().refuseConnack) : connackFor(refusal);
  mqtt::appendConnack(wire_->outbox(), {.sessionPresent = false, .code = code});
  end("connect_refused");
}

void Conversation::accept(const mqtt::Connect& connect, const Login& login, base::ByteView packet) {
  const bool willTaken = readWill(connect, login.device, will_);
  hub_.connectJudged(connect.clientId, willTaken ? "accepted" : "bad_will");
  if (!willTaken) return end("bad_will");
  device_ = std::make_shared<const std::string>(login.device);
  topicId_ = topicIdOf(login.device);
  connection_ = hub_.enter(*this, visitOf(connect, login));
  reader_.allow(kPacketBytesMax);
  writer_.identify(device_, connection_);
  writer_.heard(packet);
  const bool present = downlink_.open(*device_, *hub_.device(*device_), connect.cleanSession);
  writer_.say([&](base::Bytes& out) { mqtt::appendConnack(out, {present, mqtt::ConnackCode::accepted}); });
  base::logInfo("connect accepted", {{"device", base::shortId(*device_)},
                                     {"connection", connection_},
                                     {"peer", wire_->peer()},
                                     {"policy", login.policy},
                                     {"token_expires", login.tokenExpires.value_or(0)}});

  const std::chrono::milliseconds patience{1500LL * connect.keepAliveSeconds};
  silenceMax_ = connect.keepAliveSeconds == 0 ? kSilenceMax : std::min<base::Duration>(patience, kSilenceMax);
  armKeepAlive();
  armExpiry(login);
  downlink_.begin();
}

void Conversation::publishWill() {
  if (connection_ == 0) return;
  will_->device = device_;
  will_->connection = connection_;
  will_->atMs = millisOf(hub_.wall());
  hub_.take(*std::move(will_));
  will_.reset();
}

void Conversation::armExpiry(const Login& login) {
  std::optional<base::Duration> life;
  if (login.tokenExpires) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(hub_.wall().time_since_epoch());
    const std::int64_t left = *login.tokenExpires - now.count();
    life = std::chrono::seconds{std::min<std::int64_t>(left, std::chrono::seconds{kTokenLifeMax}.count())};
  }
  if (hub_.faults().tokenLifeSeconds > 0) {
    const base::Duration shorter = std::chrono::seconds{hub_.faults().tokenLifeSeconds};
    life = std::min(life.value_or(shorter), shorter);
  }
  if (life) expiry_.after(*life, [this] { end("token_expired"); });
}

// One timer for the life of the connection instead of one for each packet: when it fires, it looks at the last arrival.
void Conversation::armKeepAlive() {
  silence_.at(lastHeard_ + silenceMax_, [this] {
    if (readingPaused_) lastHeard_ = hub_.timers().now();  // we are the ones who do not listen
    if (hub_.timers().now() - lastHeard_ >= silenceMax_) return end("keep_alive");
    armKeepAlive();
  });
}

void Conversation::handlePublish(const mqtt::Frame& frame) {
  const auto publish = mqtt::parsePublish(frame);
  if (!publish) return end("malformed");
  if (publish->qos > 1) return end("qos2");
  const hub::PublishTopic topic = hub::classifyPublish(publish->topic, topicId_);
  switch (topic.kind) {
    case hub::PublishKind::telemetry:
      return handleTelemetry(*publish, topic.suffix);
    case hub::PublishKind::otherDevice:
      return end("foreign_topic");
    case hub::PublishKind::unknown:
      // A method answer whose status is no number fails for the caller alone.
      if (!publish->topic.starts_with("$iothub/methods/res/")) return end("unknown_topic");
      ++hub_.counters().withoutEffect;
      break;
    default:
      break;
  }
  if (publish->qos == 1) writer_.say([&](base::Bytes& out) { mqtt::appendPuback(out, publish->packetId); });
  if (topic.kind == hub::PublishKind::twinGet) downlink_.twinGet(topic.rid);
  if (topic.kind == hub::PublishKind::twinReported) downlink_.twinReported(publish->topic, topic.rid, publish->payload);
  if (topic.kind == hub::PublishKind::methodResponse) downlink_.methodResponse(topic, publish->payload);
}

void Conversation::handleTelemetry(const mqtt::Publish& publish, std::string_view suffix) {
  if (!readableBag(suffix)) return end("broken_bag");
  if (!fitsMessage(suffix, publish.payload.size())) return end("too_large");
  if (hub_.faults().quotaExceeded) return end("quota_exceeded");
  if (!hub_.withinMessageRate()) return end("throttled");
  if (hasProperty(suffix, hub_.faults().poisonProperty)) {
    ++hub_.counters().poisoned;
    return end("poisoned");
  }

  Message message;
  message.device = device_;
  message.suffix = suffix;
  message.payload.assign(publish.payload.begin(), publish.payload.end());
  message.connection = connection_;
  message.atMs = millisOf(hub_.wall());
  message.qos = publish.qos;
  message.dup = publish.dup;
  message.retain = publish.retain;
  const Archive::Place place = hub_.take(std::move(message));

  if (++messages_ == hub_.faults().closeEveryMessages) return end("fault_every_messages");
  if (publish.qos == 1) acknowledgements_.owe(publish.packetId, place);
}

void Conversation::handlePuback(const mqtt::Frame& frame) {
  const auto id = mqtt::parsePacketId(frame);
  if (!id) return end("malformed");
  if (!downlink_.acknowledge(*id)) end("unexpected_packet");
}

void Conversation::handleSubscribe(const mqtt::Frame& frame) {
  const auto subscribe = mqtt::parseSubscribe(frame);
  if (!subscribe) return end("malformed");
  downlink_.subscribe(*subscribe);
}

void Conversation::handleUnsubscribe(const mqtt::Frame& frame) {
  const auto unsubscribe = mqtt::parseUnsubscribe(frame);
  if (!unsubscribe) return end("malformed");
  downlink_.unsubscribe(*unsubscribe);
}

void Conversation::handlePingreq(const mqtt::Frame& frame) {
  if (!mqtt::parseEmpty(frame)) return end("malformed");
  writer_.say(mqtt::appendPingresp);
}

void Conversation::limitReading(std::size_t bytes) {
  const std::uint32_t rate = hub_.faults().readBytesPerSecond;
  if (rate == 0) return;
  const auto pause = std::chrono::duration<double>(static_cast<double>(bytes) / rate);
  slowReading_.after(std::chrono::duration_cast<base::Duration>(pause), [this] { steerReading(); });
}

// Reading stops while the read limit asks for it, and while the peer does not take our answers.
void Conversation::steerReading() {
  const bool pause = slowReading_.armed() || wire_->backlog() > base::Wire::kHighWater;
  if (pause == readingPaused_) return;
  readingPaused_ = pause;
  if (pause)
    wire_->pauseReading();
  else
    wire_->resumeReading();
}

}  // namespace spheregate::hubsim
