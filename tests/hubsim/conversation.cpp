#include "hubsim/conversation.hpp"

#include <algorithm>
#include <chrono>

#include "hubsim/limits.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

std::int64_t millisOf(base::WallTime time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

// Body, names and values as IoT Hub meters them. `suffix` holds no broken escape.
bool fitsMessage(std::string_view suffix, std::size_t payloadBytes) {
  if (suffix.size() + payloadBytes <= kMessageBytesMax) return true;
  std::size_t bytes = payloadBytes;
  for (const hub::Property& property : hub::parseBag(suffix).value_or(std::vector<hub::Property>{}))
    bytes += property.key.size() + property.value.value_or("").size();
  return bytes <= kMessageBytesMax;
}

bool readable(std::string_view suffix) { return suffix.find('%') == std::string_view::npos || hub::parseBag(suffix).has_value(); }

}  // namespace

Conversation::Conversation(Hub& hub, std::shared_ptr<base::Wire> wire, ClientCertificate certificate)
    : hub_{hub},
      wire_{std::move(wire)},
      certificate_{std::move(certificate)},
      lastHeard_{hub.timers().now()},
      acknowledgements_{hub, *wire_, [this](std::string_view reason) { end(reason); }},
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
  if (partial_.empty()) {
    const std::size_t used = consume(bytes);
    if (ended_) return;
    partial_.assign(bytes.begin() + static_cast<std::ptrdiff_t>(used), bytes.end());
  } else {
    base::append(partial_, bytes);
    const std::size_t used = consume(partial_);
    if (ended_) return;
    partial_.erase(partial_.begin(), partial_.begin() + static_cast<std::ptrdiff_t>(used));
  }
  if (partial_.empty()) partial_ = {};  // thousands of connections: none keeps a buffer it does not need
  wire_->flush();
  limitReading(bytes.size());
  steerReading();
}

std::size_t Conversation::consume(base::ByteView input) {
  std::size_t used = 0;
  while (!ended_) {
    mqtt::Frame frame;
    const std::size_t packetBytesMax = connection_ == 0 ? kConnectBytesMax : kPacketBytesMax;
    const auto found = mqtt::nextFrame(input.subspan(used), packetBytesMax, frame);
    if (!found) {
      end(found.error() == mqtt::Errc::tooLarge ? "too_large" : "malformed");
    } else if (*found == mqtt::Framing::incomplete) {
      break;
    } else {
      used += frame.size;
      handle(frame);
    }
  }
  return used;
}

void Conversation::handle(const mqtt::Frame& frame) {
  using mqtt::PacketType;
  if ((connection_ == 0) != (frame.type == PacketType::connect))
    return end(connection_ == 0 ? "connect_missing" : "second_connect");
  switch (frame.type) {
    case PacketType::connect:
      return handleConnect(frame);
    case PacketType::publish:
      return handlePublish(frame);
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

void Conversation::handleConnect(const mqtt::Frame& frame) {
  const auto connect = mqtt::parseConnect(frame);
  if (!connect && connect.error() == mqtt::Errc::badProtocolLevel) return refuse(Refusal::badProtocolLevel, "");
  if (!connect) return end("malformed");
  auto verdict = hub_.judge(*connect, certificate_);
  if (const auto* refusal = std::get_if<Refusal>(&verdict)) return refuse(*refusal, connect->clientId);
  accept(*connect, std::get<Login>(std::move(verdict)));
}

void Conversation::refuse(Refusal refusal, std::string_view clientId) {
  ++hub_.counters().connectsRefused[std::string{refusalName(refusal)}];
  base::logInfo("connect refused", {{"client", base::shortId(clientId)},
                                    {"peer", wire_->peer()},
                                    {"reason", refusalName(refusal)},
                                    {"certificate", certificate_.problem}});
  const auto code = refusal == Refusal::fault ? static_cast<mqtt::ConnackCode>(hub_.faults().refuseConnack) : connackFor(refusal);
  mqtt::appendConnack(wire_->outbox(), {.sessionPresent = false, .code = code});
  end("connect_refused");
}

void Conversation::accept(const mqtt::Connect& connect, Login login) {
  if (!rememberWill(connect, login.device)) return end("bad_will");
  device_ = std::make_shared<const std::string>(login.device);
  cleanSession_ = connect.cleanSession;
  connection_ = hub_.enter(*this, {.device = login.device,
                                   .username = std::string{*connect.username},
                                   .clientId = std::string{connect.clientId},
                                   .keepAliveSeconds = connect.keepAliveSeconds,
                                   .cleanSession = connect.cleanSession,
                                   .tokenExpires = login.tokenExpires,
                                   .tokenResource = login.tokenResource,
                                   .policy = login.policy,
                                   .closed = {}});
  if (cleanSession_) hub_.forgetSubscription(*device_);
  mqtt::appendConnack(wire_->outbox(), {.sessionPresent = hub_.keepsSubscription(*device_), .code = mqtt::ConnackCode::accepted});
  base::logInfo("connect accepted", {{"device", base::shortId(*device_)},
                                     {"connection", connection_},
                                     {"peer", wire_->peer()},
                                     {"policy", login.policy},
                                     {"token_expires", login.tokenExpires.value_or(0)}});

  const std::chrono::milliseconds patience{1500LL * connect.keepAliveSeconds};
  silenceMax_ = connect.keepAliveSeconds == 0 ? kSilenceMax : std::min<base::Duration>(patience, kSilenceMax);
  armKeepAlive();
  armExpiry(login);
}

bool Conversation::rememberWill(const mqtt::Connect& connect, const std::string& device) {
  if (!connect.will) return true;
  const hub::PublishTopic topic = hub::classifyPublish(connect.will->topic, device);
  if (topic.kind != hub::PublishKind::telemetry || connect.will->qos > 1 || !readable(topic.suffix)) return false;
  will_ = LastWill{std::string{topic.suffix},
                   {connect.will->payload.begin(), connect.will->payload.end()},
                   connect.will->qos,
                   connect.will->retain};
  return true;
}

void Conversation::publishWill() {
  if (connection_ == 0) return;
  Message message;
  message.device = device_;
  message.suffix = std::move(will_->suffix);
  message.payload = std::move(will_->payload);
  message.connection = connection_;
  message.atMs = millisOf(hub_.timers().clock().wall());
  message.qos = will_->qos;
  message.retain = will_->retain;
  message.will = true;
  hub_.take(std::move(message));
  will_.reset();
}

void Conversation::armExpiry(const Login& login) {
  std::optional<base::Duration> life;
  if (login.tokenExpires) {
    const auto now = std::chrono::duration_cast<std::chrono::seconds>(hub_.timers().clock().wall().time_since_epoch());
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
  const hub::PublishTopic topic = hub::classifyPublish(publish->topic, *device_);
  switch (topic.kind) {
    case hub::PublishKind::telemetry:
      return handleTelemetry(*publish, topic.suffix);
    case hub::PublishKind::otherDevice:
      return end("foreign_topic");
    case hub::PublishKind::unknown:
      return end("unknown_topic");
    case hub::PublishKind::twinGet:
    case hub::PublishKind::twinReported:
    case hub::PublishKind::methodResponse:
      break;
  }
  // Nobody listens for the answer, so the hub acknowledges and says nothing.
  ++hub_.counters().withoutEffect;
  if (publish->qos == 1) mqtt::appendPuback(wire_->outbox(), publish->packetId);
}

void Conversation::handleTelemetry(const mqtt::Publish& publish, std::string_view suffix) {
  if (!readable(suffix)) return end("broken_bag");
  if (!fitsMessage(suffix, publish.payload.size())) return end("too_large");
  if (!hub_.withinMessageRate()) return end("throttled");

  Message message;
  message.device = device_;
  message.suffix = suffix;
  message.payload.assign(publish.payload.begin(), publish.payload.end());
  message.connection = connection_;
  message.atMs = millisOf(hub_.timers().clock().wall());
  message.qos = publish.qos;
  message.dup = publish.dup;
  message.retain = publish.retain;
  const Archive::Place place = hub_.take(std::move(message));

  if (++messages_ == hub_.faults().closeEveryMessages) return end("fault_every_messages");
  if (publish.qos == 1) acknowledgements_.owe(publish.packetId, place);
}

void Conversation::handleSubscribe(const mqtt::Frame& frame) {
  const auto subscribe = mqtt::parseSubscribe(frame);
  if (!subscribe) return end("malformed");
  mqtt::Suback suback{subscribe->packetId, {}};
  for (const mqtt::Filter& filter : subscribe->filters) {
    const hub::FilterKind kind = hub::classifyFilter(filter.filter, *device_);
    const bool known = kind != hub::FilterKind::unknown && kind != hub::FilterKind::otherDevice;
    suback.codes.push_back(known ? std::min<std::uint8_t>(filter.qos, 1) : 0x80);
    if (kind == hub::FilterKind::cloudToDevice && !cleanSession_) hub_.keepSubscription(*device_);
  }
  mqtt::appendSuback(wire_->outbox(), suback);
}

void Conversation::handleUnsubscribe(const mqtt::Frame& frame) {
  const auto unsubscribe = mqtt::parseUnsubscribe(frame);
  if (!unsubscribe) return end("malformed");
  for (const std::string_view filter : unsubscribe->filters)
    if (hub::classifyFilter(filter, *device_) == hub::FilterKind::cloudToDevice) hub_.forgetSubscription(*device_);
  mqtt::appendUnsuback(wire_->outbox(), unsubscribe->packetId);
}

void Conversation::handlePingreq(const mqtt::Frame& frame) {
  if (!mqtt::parseEmpty(frame)) return end("malformed");
  mqtt::appendPingresp(wire_->outbox());
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
