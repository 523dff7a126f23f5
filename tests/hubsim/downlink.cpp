#include "hubsim/downlink.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "hubsim/client_id.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/limits.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/username.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {

using hub::FilterKind;

static_assert(static_cast<int>(FilterKind::cloudToDevice) == 0 && static_cast<int>(FilterKind::methods) == 3);

Downlink::Downlink(Hub& hub, PacketWriter& writer, Close close)
    : hub_{hub}, writer_{writer}, close_{std::move(close)}, delay_{hub.timers()} {}

bool Downlink::open(const std::string& device, DeviceState& state, bool cleanSession) {
  device_ = device;
  topicId_ = topicIdOf(device);
  state_ = &state;
  cleanSession_ = cleanSession;
  if (cleanSession) state.keptQos.reset();
  granted(FilterKind::cloudToDevice) = state.keptQos;
  return state.keptQos.has_value();
}

void Downlink::begin() {
  if (const auto qos = granted(FilterKind::cloudToDevice)) state_->mailbox.attach(*this, *qos);
}

void Downlink::close() {
  delay_.cancel();
  delayed_.clear();
  if (!state_) return;
  DeviceState& state = *state_;
  state_ = nullptr;
  state.mailbox.detach();
}

void Downlink::subscribe(const mqtt::Subscribe& subscribe) {
  mqtt::Suback suback{subscribe.packetId, {}};
  bool cloud = false;
  bool methods = false;
  for (const mqtt::Filter& filter : subscribe.filters) {
    const FilterKind kind = hub::classifyFilter(filter.filter, topicId_);
    const std::uint8_t qos = std::min<std::uint8_t>(filter.qos, 1);
    const bool known = kind != FilterKind::unknown && kind != FilterKind::otherDevice;
    const UnknownFilter rule = hub_.rules().unknownFilter;
    if (!known && !moduleInputs(filter.filter) && rule == UnknownFilter::close) return close_("unknown_filter");
    suback.codes.push_back(known || moduleInputs(filter.filter) || rule == UnknownFilter::grant ? qos : std::uint8_t{0x80});
    if (!known) continue;
    granted(kind) = qos;
    cloud |= kind == FilterKind::cloudToDevice;
    methods |= kind == FilterKind::methods;
  }
  writer_.say([&](base::Bytes& out) { mqtt::appendSuback(out, suback); });
  const auto qos = granted(FilterKind::cloudToDevice);
  if (cloud && !cleanSession_) state_->keptQos = qos;
  if (methods) hub_.methods().deviceReady(device_);
  if (cloud && state_) state_->mailbox.attach(*this, *qos);
}

void Downlink::unsubscribe(const mqtt::Unsubscribe& unsubscribe) {
  for (const std::string_view filter : unsubscribe.filters) {
    const FilterKind kind = hub::classifyFilter(filter, topicId_);
    if (kind == FilterKind::unknown || kind == FilterKind::otherDevice) continue;
    granted(kind).reset();
    if (kind != FilterKind::cloudToDevice) continue;
    state_->keptQos.reset();
    state_->mailbox.detach();
  }
  writer_.say([&](base::Bytes& out) { mqtt::appendUnsuback(out, unsubscribe.packetId); });
}

// SDKs subscribe to the inputs of a module. Only edges route messages there, so nothing ever comes.
bool Downlink::moduleInputs(std::string_view filter) const {
  const std::string own = "devices/" + topicId_;
  return isModule(device_) && (filter == own + "/#" || filter == own + "/inputs/#");
}

bool Downlink::acknowledge(mqtt::PacketId id) {
  if (!sent_.contains(id)) return false;
  if (id > Mailbox::kPacketIdMax)
    unacknowledged_.erase(id);
  else if (state_->mailbox.acknowledge(id))
    ++hub_.counters().cloudCompleted;
  return true;
}

std::optional<HubError> Downlink::refusesTwin(bool withinRate) {
  const int status = static_cast<int>(hub_.faults().twinErrorStatus);
  if (status == 429 || !withinRate) return errors::throttled();
  if (status != 0) return HubError{status, status * 1000 + 1, "a fault was asked for"};
  return std::nullopt;
}

void Downlink::twinGet(std::string_view rid) {
  ++hub_.counters().twinReads;
  if (const auto error = refusesTwin(hub_.withinTwinReadRate())) return answer(rid, *error);
  answer(rid, 200, "", dumped(state_->twin.forDevice()));
}

void Downlink::twinReported(std::string_view topic, std::string_view rid, base::ByteView payload) {
  ++hub_.counters().twinUpdates;
  if (const auto error = refusesTwin(hub_.withinTwinUpdateRate())) return answer(rid, *error);
  std::optional<std::uint64_t> ifVersion;
  const auto condition = hub::queryValue(topic.substr(std::min(topic.find('?'), topic.size() - 1) + 1), "$version");
  if (condition && hub_.rules().conditionalReported) {
    std::uint64_t version = 0;
    const auto [end, error] = std::from_chars(condition->data(), condition->data() + condition->size(), version);
    if (error != std::errc{} || end != condition->data() + condition->size())
      return answer(rid, errors::argument("'$version' is not a number"));
    ifVersion = version;
  }
  const auto patch = parseJson(base::asText(payload));
  if (!patch) return answer(rid, errors::argument("the patch is not JSON"));
  const auto done = state_->twin.report(*patch, ifVersion);
  if (const auto* error = std::get_if<HubError>(&done)) return answer(rid, *error);
  answer(rid, 204, "&$version=" + std::to_string(std::get<std::uint64_t>(done)), "");
}

void Downlink::methodResponse(const hub::PublishTopic& topic, base::ByteView payload) {
  if (!hub_.methods().answered(device_, topic.rid, topic.status, base::asText(payload))) ++hub_.counters().withoutEffect;
}

void Downlink::answer(std::string_view rid, const HubError& error) {
  ++hub_.counters().twinErrors;
  const std::uint32_t wait = hub_.faults().twinRetryAfterSeconds;
  const bool retry = wait > 0 && error.status >= 429;
  answer(rid, error.status, retry ? "&retry-after=" + std::to_string(wait) : "", dumped(toJson(error, hub_.wall())));
}

// Devices want `$rid` first, verbatim. What asks without one, or with a novel, cannot be answered.
void Downlink::answer(std::string_view rid, int status, std::string_view query, std::string payload) {
  if (rid.empty() || rid.size() > kRidBytesMax) {
    ++hub_.counters().withoutEffect;
    return;
  }
  const Faults& faults = hub_.faults();
  if (hub_.chance(faults.twinLoss)) return;
  Answer made{hub_.timers().now() + std::chrono::milliseconds{faults.twinDelayMs}, "$iothub/twin/res/" + std::to_string(status),
              std::move(payload)};
  made.topic.append("/?$rid=").append(rid).append(query);
  if (faults.twinDelayMs == 0 && delayed_.empty()) return sayAnswer(made);
  if (delayed_.size() >= kDelayedAnswersMax) return close_("too_many_requests");
  if (!delayed_.empty()) made.due = std::max(made.due, delayed_.back().due);
  delayed_.push_back(std::move(made));
  if (!delay_.armed()) delay_.at(delayed_.front().due, [this] { sayDueAnswers(); });
}

void Downlink::sayDueAnswers() {
  while (!delayed_.empty() && delayed_.front().due <= hub_.timers().now()) {
    const Answer due = std::move(delayed_.front());
    delayed_.pop_front();
    sayAnswer(due);
    if (!state_) return;
  }
  writer_.flush();
  if (!delayed_.empty()) delay_.at(delayed_.front().due, [this] { sayDueAnswers(); });
}

// Who did not subscribe to answers gets none; the request had its effect all the same.
void Downlink::sayAnswer(const Answer& answer) {
  if (const auto qos = granted(FilterKind::twinResponses)) return publish(answer.topic, base::asBytes(answer.payload), *qos);
  ++hub_.counters().withoutEffect;
}

void Downlink::pushDesired(const Json& patch) {
  const auto qos = granted(FilterKind::desiredProperties);
  if (!state_ || !qos || hub_.faults().dropDesiredPushes) return;
  ++hub_.counters().desiredPushes;
  const std::string topic = "$iothub/twin/PATCH/properties/desired/?$version=" + dumped(patch["$version"]);
  publish(topic, base::asBytes(dumped(patch)), *qos);
  writer_.flush();
}

bool Downlink::invoke(const MethodCall& call, std::string_view rid) {
  const auto qos = granted(FilterKind::methods);
  if (!state_ || !qos) return false;
  ++hub_.counters().methodRequests;
  publish("$iothub/methods/POST/" + call.name + "/?$rid=" + std::string{rid}, base::asBytes(call.payload), *qos);
  writer_.flush();
  return true;
}

void Downlink::receive(const CloudMessage& message, std::uint8_t qos) {
  ++hub_.counters().cloudDeliveries;
  const std::string topic = cloudTopic(topicId_, message.properties);
  say({.topic = topic,
       .payload = message.payload,
       .packetId = qos > 0 ? message.packetId : mqtt::PacketId{0},
       .qos = qos,
       .dup = qos > 0 && message.deliveries > 1});
  writer_.flush();
}

void Downlink::publish(std::string_view topic, base::ByteView payload, std::uint8_t granted) {
  const auto qos = std::min<std::uint8_t>(granted, hub_.rules().answerQosMax == 0 ? 0 : 1);
  if (qos == 0) return say({.topic = topic, .payload = payload});
  const auto id = freePacketId();
  if (!id) return close_("unacknowledged");
  unacknowledged_.insert(*id);
  say({.topic = topic, .payload = payload, .packetId = *id, .qos = qos});
}

void Downlink::say(const mqtt::Publish& publish) {
  if (publish.qos > 0) sent_.insert(publish.packetId);
  writer_.say([&](base::Bytes& out) { mqtt::appendPublish(out, publish); });
  if (writer_.unread() > kUnreadBytesMax) close_("unread");
}

std::optional<mqtt::PacketId> Downlink::freePacketId() {
  if (unacknowledged_.size() >= kDelayedAnswersMax) return std::nullopt;
  do
    lastPacketId_ =
        lastPacketId_ == 0xffff ? mqtt::PacketId{Mailbox::kPacketIdMax + 1} : static_cast<mqtt::PacketId>(lastPacketId_ + 1);
  while (unacknowledged_.contains(lastPacketId_));
  return lastPacketId_;
}

}  // namespace spheregate::hubsim
