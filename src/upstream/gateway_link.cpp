#include "spheregate/upstream/gateway_link.hpp"

#include <algorithm>
#include <utility>

#include "back_off.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::upstream {
namespace {

using State = Link::State;

// Paho looks at its own deadline every three seconds only. Beyond this it is stuck, for example in a name server.
constexpr std::chrono::seconds kPahoSlack{10};
constexpr int kNotAuthorized = 5;

}  // namespace

GatewayLink::GatewayLink(GatewayContext context, ControlClient::Keep keep)
    : context_{std::move(context)}, timer_{context_.timers}, renewal_{context_.timers} {
  client_ = context_.clients.make(*this, std::move(keep));
}

GatewayLink::~GatewayLink() { close(); }

void GatewayLink::open() {
  if (state_ == State::closed) askLogin();
}

void GatewayLink::close() {
  drop();
  state_ = State::closed;
  failures_ = 0;
}

void GatewayLink::askLogin() {
  state_ = State::dialing;
  auto request = context_.identity.login(context_.timers.clock().wall(), [this](base::Explained<GatewayLogin> login) { dial(std::move(login)); });
  // Without one to wait for, `dial` has run already, and perhaps a later attempt has its own.
  if (request) request_ = std::move(request);
}

void GatewayLink::dial(base::Explained<GatewayLogin> login) {
  if (!login) {
    context_.metrics.noCredentials.add();
    return fail(login.error());
  }
  deviceId_ = login->deviceId;
  expires_ = login->expires;
  state_ = State::connecting;
  ControlAddress address = context_.address;
  address.host = login->hub;
  timer_.after(context_.patience + kPahoSlack, [this] {
    context_.metrics.unreachable.add();
    fail("the hub cannot be reached: no name, no connection or no answer in time");
  });
  client_->connect(address, login->login, std::chrono::duration_cast<std::chrono::seconds>(context_.settings.keepAlive), context_.patience);
}

void GatewayLink::controlUp() {
  request_.reset();
  context_.identity.accepted();
  context_.metrics.connected.add();
  context_.metrics.sessions.add(1);
  state_ = State::up;
  ++epoch_;
  lastError_.clear();
  upSince_ = context_.timers.now();
  watch();
  if (expires_ != base::WallTime::max()) {
    const auto life = std::chrono::duration_cast<base::Duration>(expires_ - context_.timers.clock().wall());
    renewal_.after(renewalAfter(life, context_.random), [this] { renew(); });
  }
  base::logInfo("gateway connected to the hub", {{"device", deviceId_}});
  for (const auto& [filter, qos] : followed_) client_->subscribe(filter, qos);
  for (GatewayUser* user : users_) {
    if (state_ == State::up) user->gatewayUp();
  }
}

void GatewayLink::controlDown(std::string_view reason, int refusal) {
  if (state_ == State::up || state_ == State::renewing) return fail(reason);
  (refusal != 0 ? context_.metrics.refused : context_.metrics.unreachable).add();
  if (refusal != kNotAuthorized) return fail(reason);
  context_.identity.refused();
  fail(std::string{reason} + " (not authorized): " + std::string{context_.identity.remedy()});
}

void GatewayLink::controlAcknowledged(std::uint64_t number) {
  if (number < firstSent_ || number - firstSent_ >= sent_.size()) return;
  Sent& entry = sent_[static_cast<std::size_t>(number - firstSent_)];
  if (std::exchange(entry.acknowledged, true)) return;
  --unacknowledged_;
  failures_ = 0;
  context_.metrics.ackSeconds.observe(std::chrono::duration<double>(context_.timers.now() - entry.at).count());
  const Sent done = entry;
  for (; !sent_.empty() && sent_.front().acknowledged; ++firstSent_) sent_.pop_front();
  done.user->gatewayAcknowledged(done.token);
  if (state_ == State::renewing && unacknowledged_ == 0) reconnect();
}

void GatewayLink::controlMessage(const ControlMessage& message) {
  for (GatewayUser* user : users_) user->gatewayMessage(message);
}

void GatewayLink::follow(const std::string& filter, int qos) {
  const auto [known, added] = followed_.emplace(filter, qos);
  if (!added && std::exchange(known->second, qos) == qos) return;
  if (state_ == State::up) client_->subscribe(filter, qos);
}

void GatewayLink::unfollow(const std::string& filter) {
  if (followed_.erase(filter) > 0 && state_ == State::up) client_->unsubscribe(filter);
}

void GatewayLink::publish(GatewayUser& user, std::uint64_t token, std::string topic, base::Bytes payload, bool retain) {
  SPHEREGATE_CHECK(state_ == State::up);
  sent_.push_back({.user = &user, .token = token, .at = context_.timers.now(), .acknowledged = false});
  ++unacknowledged_;
  if (client_->publish(std::move(topic), std::move(payload), 1, retain, firstSent_ + sent_.size() - 1)) return;
  // Not from inside the call.
  timer_.after({}, [this] { stalled("the hub does not take what it gets"); });
}

bool GatewayLink::send(std::string topic, base::Bytes payload) {
  SPHEREGATE_CHECK(state_ == State::up);
  return client_->publish(std::move(topic), std::move(payload), 0, false, 0);
}

void GatewayLink::stalled(std::string_view reason) {
  if (state_ != State::up && state_ != State::renewing) return;
  context_.metrics.stalls.add();
  fail(reason);
}

void GatewayLink::refused(std::string_view reason) {
  if (state_ == State::up || state_ == State::renewing) fail(reason);
}

// Paho pings; only acknowledgements tell that the hub works.
void GatewayLink::watch() {
  const base::MonoTime now = context_.timers.now();
  const base::Duration patience = context_.settings.ackTimeout;
  if (now - upSince_ > kSettled) failures_ = 0;
  if (!sent_.empty() && now - sent_.front().at >= patience) return stalled("no PUBACK from the hub in time");
  timer_.after(patience / 4, [this] { watch(); });
}

// Takeover makes it impossible to connect the new before closing the old, so first let the hub acknowledge what it has.
void GatewayLink::renew() {
  state_ = State::renewing;
  if (unacknowledged_ == 0) return reconnect();
  renewal_.after(kRenewalPatience, [this] { reconnect(); });
}

void GatewayLink::reconnect() {
  drop();
  failures_ = 0;
  state_ = State::dialing;
  for (GatewayUser* user : users_) user->gatewayDown("token renewal");
  askLogin();
}

void GatewayLink::drop() {
  timer_.cancel();
  renewal_.cancel();
  request_.reset();
  if (state_ == State::up || state_ == State::renewing) context_.metrics.sessions.add(-1);
  client_->disconnect();
  firstSent_ += sent_.size();
  sent_.clear();
  unacknowledged_ = 0;
}

void GatewayLink::fail(std::string_view reason) {
  lastError_ = reason;
  drop();
  ++failures_;
  state_ = State::backingOff;
  timer_.after(backOffAfter(failures_, context_.settings.backoffMin, context_.settings.backoffMax, context_.random), [this] { askLogin(); });
  for (GatewayUser* user : users_) user->gatewayDown(lastError_);
}

}  // namespace spheregate::upstream
