#include "spheregate/upstream/own_link.hpp"

#include <algorithm>
#include <utility>

#include "back_off.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/hub/username.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::upstream {
namespace {

// Where the hub lets nobody in, the longest back-off is so much longer.
constexpr int kRefusedBackoffs = 5;

metrics::Counter& connects(metrics::Registry& registry, const std::string& prefix, const char* result) {
  return registry.counter(prefix + "connects_total", "Attempts to connect to the hub.", {{"result", result}});
}

}  // namespace

LinkMetrics::LinkMetrics(metrics::Registry& registry, const std::string& prefix)
    : connected{connects(registry, prefix, "ok")},
      refused{connects(registry, prefix, "refused")},
      unreachable{connects(registry, prefix, "unreachable")},
      noCredentials{connects(registry, prefix, "no_credentials")},
      stalls{registry.counter(prefix + "stalls_total", "Hub connections rebuilt because the hub stopped acknowledging.")},
      ackSeconds{registry.histogram(prefix + "ack_seconds", "From publishing a message to the hub's PUBACK.",
                                    {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30})},
      sessions{registry.gauge(prefix + "sessions", "Connections to the hub now.")} {}

OwnLink::OwnLink(LinkContext& context, std::string deviceId, LinkUser& user)
    : context_{context},
      deviceId_{std::move(deviceId)},
      user_{user},
      query_{hub::kDefaultQuery},
      timer_{context.timers},
      renewal_{context.timers} {}

OwnLink::~OwnLink() { close(); }

void OwnLink::open(std::string_view query) {
  if (!query.empty()) query_ = query;
  if (state_ == State::closed) queueForTurn();
}

void OwnLink::close() {
  context_.weather.leave(*this);
  dropWire(true);
  state_ = State::closed;
  failures_ = 0;
  loaded_ = false;
}

bool OwnLink::failing() const {
  return state_ != State::up && state_ != State::renewing && (failures_ > 0 || context_.weather.foul());
}

void OwnLink::hurry(base::Duration within) {
  if (state_ == State::waitingTurn) context_.weather.hurry(*this);
  if (state_ != State::backingOff) return;
  const base::MonoTime soon = context_.timers.now() + scaled(within, fraction(context_.random));
  if (soon < timer_.due()) timer_.at(soon, [this] { queueForTurn(); });
}

std::size_t OwnLink::room() const {
  if (state_ != State::up || wire_->backlog() > base::Wire::kHighWater) return 0;
  if (!context_.weather.mayPublish(*this, inflight_.size())) return 0;
  return context_.settings.inflightPerDevice - std::min(context_.settings.inflightPerDevice, inflight_.size());
}

void OwnLink::publish(std::string_view prefix, std::string_view suffix, base::ByteView payload, bool retain, bool dup,
                      std::uint64_t token) {
  SPHEREGATE_CHECK(state_ == State::up);
  sent_ = context_.timers.now();
  const mqtt::Publish packet{
      .topic = {}, .payload = payload, .packetId = inflight_.add(token, sent_), .qos = 1, .dup = dup, .retain = retain};
  mqtt::appendPublish(wire_->outbox(), packet, {prefix, suffix});
  wire_->flush();
}

void OwnLink::queueForTurn() {
  state_ = State::waitingTurn;
  context_.weather.ask(*this);
}

void OwnLink::attempt() {
  retired_.reset();
  state_ = State::dialing;
  auto request = context_.credentials.login(deviceId_, context_.timers.clock().wall(),
                                            [this](base::Explained<Login> login) { startDial(std::move(login)); });
  // Without one to wait for, `startDial` has run already, and perhaps a later attempt has its own.
  if (!request) return;
  request_ = std::move(request);
  // The provisioning service may take minutes, and others can do without it.
  context_.weather.leave(*this);
}

void OwnLink::startDial(base::Explained<Login> login) {
  if (!login) {
    context_.metrics.noCredentials.add();
    return attemptFailed(Trouble::own, login.error());
  }
  if (std::exchange(request_, nullptr)) return queueForTurn();  // the next time it need not wait
  login_ = std::move(*login);
  dial_ = context_.dialer.dial(login_.hub, [this](base::Explained<std::unique_ptr<base::Wire>> wire) { dialed(std::move(wire)); });
}

void OwnLink::dialed(base::Explained<std::unique_ptr<base::Wire>> wire) {
  dial_.reset();
  request_.reset();
  if (!wire) {
    return attemptFailed(Trouble::unreachable, wire.error());
  }
  wire_ = std::move(*wire);
  input_.clear();
  pingWaiting_ = false;
  state_ = State::connecting;
  timer_.after(context_.settings.ackTimeout,
               [this] { attemptFailed(Trouble::unreachable, "the hub did not answer the CONNECT in time"); });
  sayConnect();
  wire_->attach(*this);
}

void OwnLink::sayConnect() {
  const std::string username = hub::hubUsername(login_.hub, deviceId_, query_) + login_.usernameTail;
  const auto keepAlive = std::chrono::duration_cast<std::chrono::seconds>(context_.settings.keepAlive).count();
  mqtt::Connect connect;
  connect.clientId = deviceId_;
  connect.cleanSession = true;
  connect.keepAliveSeconds = static_cast<std::uint16_t>(keepAlive);
  connect.username = username;
  connect.password = base::asBytes(login_.password);
  mqtt::appendConnect(wire_->outbox(), connect);
  wire_->flush();
  login_.password.clear();
}

void OwnLink::wireBytes(base::ByteView bytes) {
  if (input_.empty()) {
    const std::size_t used = consume(bytes);
    if (wire_) base::append(input_, bytes.subspan(used));
  } else {
    base::append(input_, bytes);
    const std::size_t used = consume(input_);
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(used));
  }
  if (state_ == State::up) user_.linkRoom(*this);
  if (state_ == State::renewing && inflight_.empty()) reconnectForRenewal();
}

void OwnLink::wireDrained() {
  if (state_ == State::up) user_.linkRoom(*this);
}

void OwnLink::wireClosed(std::string_view reason) {
  if (state_ == State::connecting) {
    return attemptFailed(Trouble::unreachable,
                         std::string{"the hub closed the connection instead of answering the CONNECT: "}.append(reason));
  }
  connectionLost(Ending::closed, std::string{"the hub closed the connection: "}.append(reason));
}

bool OwnLink::send(std::string_view topic, base::ByteView payload) {
  SPHEREGATE_CHECK(state_ == State::up);
  if (wire_->backlog() > base::Wire::kHighWater) return false;
  sent_ = context_.timers.now();
  mqtt::appendPublish(wire_->outbox(),
                      {.topic = topic, .payload = payload, .packetId = 0, .qos = 0, .dup = false, .retain = false});
  wire_->flush();
  return true;
}

void OwnLink::acknowledge(std::uint64_t epoch, mqtt::PacketId id) {
  if (epoch != epoch_ || (state_ != State::up && state_ != State::renewing)) return;
  mqtt::appendPuback(wire_->outbox(), id);
  wire_->flush();
}

void OwnLink::stalled(std::string_view reason) {
  if (state_ == State::up) stall(reason);
}

void OwnLink::refused(std::string_view reason) {
  if (state_ == State::up || state_ == State::renewing) connectionLost(Ending::ours, reason);
}

std::string OwnLink::refusal(mqtt::ConnackCode code) const {
  const std::string sentence = "the hub refused the CONNECT with code " + std::to_string(static_cast<int>(code));
  if (code != mqtt::ConnackCode::notAuthorized) return sentence;
  return (sentence + " (not authorized): ").append(context_.credentials.remedy());
}

void OwnLink::becomeUp() {
  context_.credentials.accepted(deviceId_);
  context_.metrics.connected.add();
  context_.metrics.sessions.add(1);
  state_ = State::up;
  ++epoch_;
  lastError_.clear();
  upSince_ = context_.timers.now();
  sent_ = upSince_;
  watch();
  const auto life = login_.expires - context_.timers.clock().wall();
  renewal_.after(renewalAfter(std::chrono::duration_cast<base::Duration>(life), context_.random), [this] { renew(); });
  std::vector<mqtt::Filter> filters;
  for (const auto& [filter, qos] : followed_) filters.push_back({.filter = filter, .qos = qos});
  if (!filters.empty()) subscribe(filters);
  context_.weather.arrived(*this);
  user_.linkUp(*this);
  if (state_ == State::up && inflight_.empty()) context_.weather.idle(*this);
}

void OwnLink::roomAgain() {
  user_.linkRoom(*this);
  if (state_ == State::up && inflight_.empty()) context_.weather.idle(*this);
}

// Sockets lie about being connected; only acknowledgements tell that the hub works.
void OwnLink::watch() {
  const base::MonoTime now = context_.timers.now();
  const Settings& settings = context_.settings;
  if (now - upSince_ > kSettled) failures_ = 0;
  if (!inflight_.empty() && now - inflight_.oldest().sent >= settings.ackTimeout) return stall("no PUBACK from the hub in time");
  if (pingWaiting_ && now - pinged_ >= settings.ackTimeout) return stall("no PINGRESP from the hub in time");
  if (!pingWaiting_ && now - sent_ >= settings.keepAlive * 3 / 4) {
    mqtt::appendPingreq(wire_->outbox());
    wire_->flush();
    pingWaiting_ = true;
    pinged_ = sent_ = now;
  }
  timer_.after(std::min(settings.ackTimeout, settings.keepAlive) / 4, [this] { watch(); });
}

void OwnLink::stall(std::string_view reason) {
  context_.metrics.stalls.add();
  connectionLost(Ending::silent, reason);
}

// Takeover makes it impossible to connect the new before closing the old, so first let the hub acknowledge what it has.
void OwnLink::renew() {
  state_ = State::renewing;
  if (inflight_.empty()) return reconnectForRenewal();
  renewal_.after(kRenewalPatience, [this] { reconnectForRenewal(); });
}

void OwnLink::reconnectForRenewal() {
  loaded_ = !inflight_.empty();
  closedByHub_ = false;
  dropWire(true);
  failures_ = 0;
  context_.weather.leave(*this);
  queueForTurn();
  user_.linkDown(*this, "token renewal");
}

void OwnLink::dropWire(bool sayDisconnect) {
  timer_.cancel();
  renewal_.cancel();
  request_.reset();
  dial_.reset();
  inflight_.clear();
  if (state_ == State::up || state_ == State::renewing) context_.metrics.sessions.add(-1);
  if (!wire_) return;
  if (sayDisconnect && (state_ == State::up || state_ == State::renewing)) mqtt::appendDisconnect(wire_->outbox());
  wire_->close();
  retired_ = std::move(wire_);
}

void OwnLink::attemptFailed(Trouble trouble, std::string_view reason) {
  if (trouble == Trouble::unreachable) context_.metrics.unreachable.add();
  if (trouble == Trouble::busy || trouble == Trouble::refused) context_.metrics.refused.add();
  lastError_ = reason;
  closedByHub_ = false;
  dropWire(false);
  ++failures_;
  context_.weather.failed(*this, trouble, lastError_);
  const bool everybody = context_.weather.condition() == Condition::refused;
  if (trouble == Trouble::unreachable || trouble == Trouble::busy) {
    waitForTheHub();
  } else {
    backOff(context_.settings.backoffMax * (everybody ? kRefusedBackoffs : 1));
  }
  user_.linkDown(*this, lastError_);
}

void OwnLink::connectionLost(Ending ending, std::string_view reason) {
  lastError_ = reason;
  closedByHub_ = ending == Ending::closed;
  loaded_ = !inflight_.empty();
  dropWire(false);
  ++failures_;
  context_.weather.lost(*this, ending != Ending::ours && loaded_, lastError_);
  waitForTheHub();
  user_.linkDown(*this, lastError_);
}

// What it did is no MQTT, or not what it may do.
void OwnLink::fail(std::string_view reason) {
  if (state_ == State::connecting) return attemptFailed(Trouble::unreachable, reason);
  connectionLost(Ending::ours, reason);
}

void OwnLink::waitForTheHub() {
  if (context_.weather.foul()) return queueForTurn();
  backOff(context_.settings.backoffMax);
}

void OwnLink::backOff(base::Duration longest) {
  state_ = State::backingOff;
  timer_.after(backOffAfter(failures_, context_.settings.backoffMin, longest, context_.random), [this] { queueForTurn(); });
}

std::unique_ptr<Link> OwnLinks::make(std::string deviceId, LinkUser& user) {
  return std::make_unique<OwnLink>(context_, std::move(deviceId), user);
}

}  // namespace spheregate::upstream
