#include "hubsim/dps/conversation.hpp"

#include <algorithm>
#include <chrono>

#include "hubsim/limits.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/username.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

constexpr std::string_view kAnswers = "$dps/registrations/res/";
constexpr std::string_view kRegister = "$dps/registrations/PUT/iotdps-register/?";
constexpr std::string_view kStatus = "$dps/registrations/GET/iotdps-get-operationstatus/?";

// As it came, because it goes back so.
std::string_view ridOf(std::string_view query) {
  constexpr std::string_view kRid = "$rid=";
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    if (item.starts_with(kRid)) return item.substr(kRid.size());
    query.remove_prefix(std::min(item.size() + 1, query.size()));
  }
  return {};
}

}  // namespace

DpsConversation::DpsConversation(Provisioning& service, std::shared_ptr<base::Wire> wire, ClientCertificate certificate)
    : service_{service},
      hub_{service.hub()},
      wire_{std::move(wire)},
      certificate_{std::move(certificate)},
      reader_{kDpsPacketBytesMax},
      lastHeard_{hub_.mono()},
      silence_{hub_.timers()},
      delay_{hub_.timers()} {}

void DpsConversation::start() {
  silence_.after(kConnectTimeout, [this] { end("connect_timeout"); });
  wire_->attach(*this);
}

void DpsConversation::end(std::string_view reason) {
  if (ended_) return;
  ended_ = true;
  silence_.cancel();
  delay_.cancel();
  base::logInfo(
      "provisioning connection closed",
      {{"registration", base::shortId(login_ ? login_->registrationId : "")}, {"peer", wire_->peer()}, {"reason", reason}});
  wire_->close();
  service_.leave(*this, reason);
}

void DpsConversation::wireClosed(std::string_view) { end("peer_closed"); }

void DpsConversation::wireBytes(base::ByteView bytes) {
  if (ended_) return;
  lastHeard_ = hub_.mono();
  const std::string_view problem = reader_.read(bytes, [this](const mqtt::Frame& frame, base::ByteView) {
    handle(frame);
    return !ended_;
  });
  if (!problem.empty()) end(problem);
  if (!ended_) wire_->flush();
}

void DpsConversation::handle(const mqtt::Frame& frame) {
  using mqtt::PacketType;
  if (login_.has_value() == (frame.type == PacketType::connect)) return end(login_ ? "second_connect" : "connect_missing");
  switch (frame.type) {
    case PacketType::connect:
      return handleConnect(frame);
    case PacketType::publish:
      return handlePublish(frame);
    case PacketType::puback:
      return mqtt::parsePacketId(frame) ? void() : end("malformed");
    case PacketType::subscribe:
      return handleSubscribe(frame);
    case PacketType::unsubscribe:
      return handleUnsubscribe(frame);
    case PacketType::pingreq:
      return mqtt::parseEmpty(frame) ? mqtt::appendPingresp(wire_->outbox()) : end("malformed");
    case PacketType::disconnect:
      return end("disconnect");
    default:
      return end("unexpected_packet");
  }
}

void DpsConversation::handleConnect(const mqtt::Frame& frame) {
  ++service_.counters().connects;
  const auto connect = mqtt::parseConnect(frame);
  if (!connect && connect.error() == mqtt::Errc::badProtocolLevel) return refuse(Refusal::badProtocolLevel, "");
  if (!connect) return end("malformed");
  auto verdict = service_.judge(*connect, certificate_);
  if (const auto* refusal = std::get_if<Refusal>(&verdict)) return refuse(*refusal, connect->clientId);
  login_ = std::get<DpsLogin>(std::move(verdict));
  ++service_.counters().connectsAccepted;
  // The service keeps no sessions, whatever a client asks for.
  mqtt::appendConnack(wire_->outbox(), {.sessionPresent = false, .code = mqtt::ConnackCode::accepted});
  base::logInfo(
      "provisioning connect accepted",
      {{"registration", base::shortId(login_->registrationId)}, {"enrollment", login_->enrolment}, {"peer", wire_->peer()}});
  const std::chrono::milliseconds patience{1500LL * connect->keepAliveSeconds};
  silenceMax_ = connect->keepAliveSeconds == 0 ? kSilenceMax : std::min<base::Duration>(patience, kSilenceMax);
  armKeepAlive();
}

void DpsConversation::refuse(Refusal refusal, std::string_view clientId) {
  ++service_.counters().connectsRefused[std::string{refusalName(refusal)}];
  base::logInfo("provisioning connect refused", {{"client", base::shortId(clientId)},
                                                 {"peer", wire_->peer()},
                                                 {"reason", refusalName(refusal)},
                                                 {"certificate", certificate_.problem}});
  const auto code =
      refusal == Refusal::fault ? static_cast<mqtt::ConnackCode>(hub_.faults().dpsRefuseConnack) : connackFor(refusal);
  mqtt::appendConnack(wire_->outbox(), {.sessionPresent = false, .code = code});
  end("connect_refused");
}

void DpsConversation::armKeepAlive() {
  silence_.at(lastHeard_ + silenceMax_, [this] {
    if (hub_.mono() - lastHeard_ >= silenceMax_) return end("keep_alive");
    armKeepAlive();
  });
}

void DpsConversation::handleSubscribe(const mqtt::Frame& frame) {
  const auto subscribe = mqtt::parseSubscribe(frame);
  if (!subscribe) return end("malformed");
  mqtt::Suback suback{subscribe->packetId, {}};
  for (const mqtt::Filter& filter : subscribe->filters) {
    const bool known = filter.filter == std::string{kAnswers} + "#";
    const std::uint8_t qos = std::min<std::uint8_t>(filter.qos, 1);
    if (known) granted_ = qos;
    suback.codes.push_back(known ? qos : std::uint8_t{0x80});
  }
  mqtt::appendSuback(wire_->outbox(), suback);
}

void DpsConversation::handleUnsubscribe(const mqtt::Frame& frame) {
  const auto unsubscribe = mqtt::parseUnsubscribe(frame);
  if (!unsubscribe) return end("malformed");
  for (const std::string_view filter : unsubscribe->filters)
    if (filter == std::string{kAnswers} + "#") granted_.reset();
  mqtt::appendUnsuback(wire_->outbox(), unsubscribe->packetId);
}

void DpsConversation::handlePublish(const mqtt::Frame& frame) {
  const auto publish = mqtt::parsePublish(frame);
  if (!publish) return end("malformed");
  if (publish->qos > 1) return end("qos2");
  const bool registers = publish->topic.starts_with(kRegister);
  if (!registers && !publish->topic.starts_with(kStatus)) return end("unknown_topic");
  const std::string_view query = publish->topic.substr(publish->topic.find('?') + 1);
  if (publish->qos == 1) mqtt::appendPuback(wire_->outbox(), publish->packetId);
  owe(ridOf(query), judge(registers, query, base::asText(publish->payload)));
}

DpsAnswer DpsConversation::judge(bool registers, std::string_view query, std::string_view body) {
  ++(registers ? service_.counters().registers : service_.counters().polls);
  Registrations& registrations = service_.registrations();
  // Counted also when a fault has it answered without a look.
  registrations.asked(*login_, registers);
  const Faults& faults = hub_.faults();
  const auto error = [this](const HubError& made) {
    return DpsAnswer{made.status, made.status >= 429, toJson(made, hub_.wall())};
  };
  if (faults.dpsThrottle || faults.dpsErrorStatus == 429) {
    ++service_.counters().throttled;
    return error(errors::throttled());
  }
  const int status = static_cast<int>(faults.dpsErrorStatus);
  if (status != 0) return error({status, status * 1000 + 2, "a fault was asked for"});
  return registers ? registrations.enroll(*login_, body)
                   : registrations.poll(*login_, hub::queryValue(query, "operationId").value_or(""));
}

void DpsConversation::owe(std::string_view rid, const DpsAnswer& answer) {
  if (rid.empty() || rid.size() > kRidBytesMax) {
    ++service_.counters().withoutEffect;
    return;
  }
  if (hub_.chance(hub_.faults().dpsLoss)) {
    ++service_.counters().answersLost;
    return;
  }
  if (owed_.size() >= kDelayedAnswersMax) return end("too_many_requests");
  Answer made{hub_.mono() + std::chrono::milliseconds{hub_.faults().dpsDelayMs}, std::string{kAnswers}, dumped(answer.body)};
  made.topic.append(std::to_string(answer.status)).append("/?$rid=").append(rid);
  const std::uint32_t wait = hub_.rules().dpsRetryAfterSeconds;
  if (answer.retryAfter && wait > 0) made.topic.append("&retry-after=").append(std::to_string(wait));
  if (!owed_.empty()) made.due = std::max(made.due, owed_.back().due);
  owed_.push_back(std::move(made));
  sayDueAnswers();
}

// Who did not subscribe to answers gets none; the request had its effect all the same.
void DpsConversation::sayDueAnswers() {
  while (!owed_.empty() && owed_.front().due <= hub_.mono()) {
    const Answer due = std::move(owed_.front());
    owed_.pop_front();
    if (!granted_) {
      ++service_.counters().withoutEffect;
      continue;
    }
    const auto qos = std::min<std::uint8_t>(*granted_, hub_.rules().answerQosMax == 0 ? 0 : 1);
    if (qos > 0) lastPacketId_ = lastPacketId_ == 0xffff ? mqtt::PacketId{1} : static_cast<mqtt::PacketId>(lastPacketId_ + 1);
    mqtt::appendPublish(wire_->outbox(), {.topic = due.topic,
                                          .payload = base::asBytes(due.payload),
                                          .packetId = qos > 0 ? lastPacketId_ : mqtt::PacketId{0},
                                          .qos = qos});
  }
  if (wire_->backlog() > kUnreadBytesMax) return end("unread");
  wire_->flush();
  if (!owed_.empty()) delay_.at(owed_.front().due, [this] { sayDueAnswers(); });
}

}  // namespace spheregate::hubsim
