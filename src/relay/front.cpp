#include "spheregate/relay/front.hpp"

#include <algorithm>
#include <optional>
#include <utility>

#include "front_parts.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/hub/twin_patch.hpp"
#include "spheregate/hub/username.hpp"
#include "spheregate/mqtt/topics.hpp"

namespace spheregate::relay {
namespace {

using mqtt::ConnackCode;
using session::PublishAnswer;

// As many devices as can be refused often enough to matter; beyond it the counters alone tell.
constexpr std::size_t kRefusalsRememberedMax = 10'000;
// The gateway sends it on with a $rid of its own, and a topic ends at 64 KB.
constexpr std::size_t kPatchQueryBytesMax = 4096;

}  // namespace

Front::Front(const session::Settings& settings, queue::Custody& custody, Uplink& uplink, base::Timers& timers,
             metrics::Registry& metrics)
    : settings_{settings}, custody_{custody}, uplink_{uplink}, timers_{timers}, metrics_{metrics}, burial_{timers} {
  metrics::Gauge& connected = metrics.gauge("devices_connected", "Devices connected now.");
  metrics.beforeScrape([this, &connected] {
    connected.set(static_cast<double>(connected_));
    refreshDevicesByCa();
  });
}

// CAs that have no device connected any more stay, with 0: that is when the operator may remove one.
void Front::refreshDevicesByCa() {
  for (auto& entry : devicesByCa_) entry.second = 0;
  for (const auto& entry : guests_) {
    if (entry.second->device) ++devicesByCa_[entry.second->verdict->caSha256];
  }
  for (const auto& [ca, count] : devicesByCa_) {
    metrics_.gauge("devices_by_ca", "Devices connected now, by the SHA-256 of the tenant CA that vouched for them.", {{"ca", ca}})
        .set(static_cast<double>(count));
  }
}

Front::~Front() = default;

void Front::welcome(std::unique_ptr<base::Wire> wire, std::shared_ptr<const tls::Verdict> verdict) {
  if (stopping_) return;
  auto newcomer = std::make_unique<Guest>();
  newcomer->verdict = std::move(verdict);
  newcomer->conversation =
      std::make_unique<session::Conversation>(std::move(wire), newcomer->verdict->deviceId, nextGuest_++, settings_, timers_, *this);
  session::Conversation& conversation = *newcomer->conversation;
  guests_.emplace(conversation.number(), std::move(newcomer));
  conversation.start();
}

void Front::shutDown() {
  stopping_ = true;
  endAll("the gateway stops");
}

void Front::endAll(std::string_view detail) {
  std::vector<std::uint64_t> all;
  all.reserve(guests_.size());
  for (const auto& entry : guests_) all.push_back(entry.first);
  for (const std::uint64_t number : all) {
    const auto entry = guests_.find(number);
    if (entry != guests_.end()) entry->second->conversation->end(session::Ending::shutDown, detail);
  }
}

session::ConnectAnswer Front::connecting(session::Conversation& conversation, const mqtt::Connect& connect) {
  const std::string_view id = conversation.certifiedId();
  if (!custody_.isOpen()) {
    return refuse(conversation, ConnackCode::unavailable, "store_closed", custody_.closedReason(),
                  "free or repair the disk of queue.path and restart the gateway");
  }
  if (connect.clientId != id) {
    return refuse(conversation, ConnackCode::notAuthorized, "client_id_mismatch",
                  clientIdMismatch(connect.clientId, id), "use the common name of the device's certificate as client id");
  }
  std::string_view query;
  if (connect.username && !connect.username->empty()) {
    const auto username = hub::parseUsername(*connect.username);
    if (!username) {
      return refuse(conversation, ConnackCode::notAuthorized, "bad_username", username.error().message(),
                    "send `{host}/{device id}/?api-version=2021-04-12` as username");
    }
    if (username->deviceId != id || !username->moduleId.empty()) {
      return refuse(conversation, ConnackCode::notAuthorized, "username_mismatch",
                    "the username names another identity than the certificate", "use the certificate's common name in the username");
    }
    if (hub::queryValue(username->query, "auth-chain")) {
      return refuse(conversation, ConnackCode::notAuthorized, "auth_chain", "the username carries an auth-chain, which only gateways may",
                    "connect the device itself, without auth-chain");
    }
    query = username->query;
  }
  if (connect.will && hub::classifyPublish(connect.will->topic, id).kind != hub::PublishKind::telemetry) {
    return refuse(conversation, ConnackCode::notAuthorized, "bad_will", "the will's topic is not the device's telemetry topic",
                  "use `devices/{device id}/messages/events/` as the will's topic");
  }
  return admit(guest(conversation), connect, query);
}

session::ConnectAnswer Front::admit(Guest& newcomer, const mqtt::Connect& connect, std::string_view query) {
  const queue::DeviceKey device = custody_.device(newcomer.conversation->certifiedId());
  Seat& place = seat(device);
  // IoT Hub keeps one connection an identity: the newer wins, the older is closed without a packet.
  if (place.guest != nullptr) place.guest->conversation->end(session::Ending::takenOver, "the same device connected again");
  newcomer.device = device;
  place.guest = &newcomer;
  ++connected_;
  if (connect.cleanSession) place.filters.clear();
  place.keepsSession = !connect.cleanSession;
  countConnection("ok");
  refusals_.erase(std::string{newcomer.conversation->certifiedId()});
  base::logInfo("device connected", {{"device", newcomer.conversation->certifiedId()},
                                     {"peer", newcomer.conversation->peer()},
                                     {"keep_alive_s", connect.keepAliveSeconds},
                                     {"clean_session", connect.cleanSession}});
  uplink_.present(device, query);
  return {.code = ConnackCode::accepted, .sessionPresent = !place.filters.empty()};
}

session::ConnectAnswer Front::refuse(session::Conversation& conversation, ConnackCode code, const char* result, std::string_view reason,
                                     std::string_view fix) {
  countConnection(result);
  const std::string id{conversation.certifiedId()};
  const auto before = mayLog(id);
  if (before) {
    const tls::CertificateFacts& facts = guest(conversation).verdict->certificate;
    base::logWarn("device refused", {{"peer", conversation.peer()},
                                     {"cn", id},
                                     {"issuer", facts.issuer},
                                     {"serial", facts.serial},
                                     {"not_before", facts.notBefore},
                                     {"not_after", facts.notAfter},
                                     {"result", result},
                                     {"connack", static_cast<int>(code)},
                                     {"reason", reason},
                                     {"fix", fix},
                                     {"more_before", *before}});
  }
  return {.code = code, .sessionPresent = false};
}

PublishAnswer Front::published(session::Conversation& conversation, const mqtt::Publish& publish) {
  const hub::PublishTopic topic = hub::classifyPublish(publish.topic, conversation.certifiedId());
  switch (topic.kind) {
    case hub::PublishKind::telemetry: return takeTelemetry(guest(conversation), publish, topic.suffix);
    case hub::PublishKind::otherDevice:
      return forbid(conversation, "other_device", publish.topic, "publish only to devices/{certificate's common name}/messages/events/");
    case hub::PublishKind::unknown:
      return forbid(conversation, "unknown_topic", publish.topic, "publish only to topics that IoT Hub knows");
    case hub::PublishKind::twinGet:
      uplink_.requestTwin(*guest(conversation).device, publish.topic, topic.rid, publish.payload);
      break;
    case hub::PublishKind::twinReported: return takePatch(guest(conversation), publish, topic);
    case hub::PublishKind::methodResponse:
      uplink_.replyToMethod(*guest(conversation).device, publish.topic, topic.rid, publish.payload);
      break;
  }
  return {.kind = PublishAnswer::Kind::acknowledge};
}

// What the hub would refuse is refused here, because later nobody would be there to hear it.
PublishAnswer Front::takePatch(Guest& sender, const mqtt::Publish& publish, const hub::PublishTopic& topic) {
  auto fault = hub::reportedPatchFault(base::asText(publish.payload));
  if (topic.query.size() > kPatchQueryBytesMax) fault = "the query of its topic is too long";
  if (!fault) return answerOf(sender, uplink_.takePatch(*sender.device, topic.query, topic.rid, publish.payload), 1);
  metrics_.counter("twin_patches_refused_total", "Patches of reported properties answered with 400.").add();
  base::logInfo("twin patch refused", {{"device", base::shortId(sender.conversation->certifiedId())}, {"reason", *fault}});
  if (!topic.rid.empty()) {
    const std::string answer = "$iothub/twin/res/400/?$rid=" + std::string{topic.rid};
    const std::string body = "{\"errorCode\":400004,\"message\":\"" + *fault + "\"}";
    (void)deliver(*sender.device, {.topic = answer, .payload = base::asBytes(body), .packetId = 0, .qos = 1, .dup = false, .retain = false}, 0);
  }
  return {.kind = PublishAnswer::Kind::acknowledge};
}

PublishAnswer Front::takeTelemetry(Guest& sender, const mqtt::Publish& publish, std::string_view suffix) {
  if (suffix.size() + publish.payload.size() > settings_.messageBytesMax) {
    return forbid(*sender.conversation, "too_large", publish.topic, "keep properties and payload within devices.max_message_bytes");
  }
  const auto accepted =
      uplink_.take(*sender.device, {.suffix = suffix, .payload = publish.payload, .retain = publish.retain}, publish.qos);
  return answerOf(sender, accepted, publish.qos);
}

PublishAnswer Front::answerOf(Guest& sender, const queue::Accepted& accepted, std::uint8_t qos) {
  switch (accepted.acceptance) {
    case queue::Acceptance::taken: return {.kind = PublishAnswer::Kind::taken, .token = accepted.sequence};
    case queue::Acceptance::dropped: return {.kind = PublishAnswer::Kind::acknowledge};
    case queue::Acceptance::full:
      if (qos == 0) return {.kind = PublishAnswer::Kind::acknowledge};
      sender.held = true;
      return {.kind = PublishAnswer::Kind::hold};
    case queue::Acceptance::closed: break;
  }
  return {.kind = PublishAnswer::Kind::close};
}

PublishAnswer Front::forbid(const session::Conversation& conversation, const char* reason, std::string_view topic, std::string_view fix) {
  metrics_.counter("publishes_refused_total", "Publishes for which a device's connection was closed.", {{"reason", reason}}).add();
  const std::string id{conversation.certifiedId()};
  const auto before = mayLog("publish " + id);
  if (before) {
    base::logWarn("publish refused", {{"device", id},
                                      {"cn", id},
                                      {"peer", conversation.peer()},
                                      {"reason", reason},
                                      {"topic", topic.substr(0, 300)},
                                      {"fix", fix},
                                      {"more_before", *before}});
  }
  return {.kind = PublishAnswer::Kind::close};
}

std::uint8_t Front::subscribing(session::Conversation& conversation, const mqtt::Filter& filter) {
  constexpr std::uint8_t kFailure = 0x80;
  const hub::FilterKind kind = hub::classifyFilter(filter.filter, conversation.certifiedId());
  if (kind == hub::FilterKind::otherDevice || kind == hub::FilterKind::unknown) {
    metrics_.counter("subscriptions_refused_total", "Topic filters answered with 0x80.").add();
    base::logDebug("subscription refused", {{"device", conversation.certifiedId()}, {"filter", filter.filter}});
    return kFailure;
  }
  const queue::DeviceKey device = *guest(conversation).device;
  auto& filters = seat(device).filters;
  std::erase_if(filters, [&](const Followed& one) { return one.kind == kind; });
  filters.push_back({.filter = std::string{filter.filter}, .kind = kind, .qos = std::min<std::uint8_t>(filter.qos, 1)});
  return filters.back().qos;
}

// Following hands the device what it has not acknowledged yet.
void Front::listening(session::Conversation& conversation) {
  const queue::DeviceKey device = *guest(conversation).device;
  for (const Followed& one : seat(device).filters) uplink_.follow(device, one.kind, one.filter, one.qos);
}

void Front::unsubscribing(session::Conversation& conversation, std::string_view filter) {
  const queue::DeviceKey device = *guest(conversation).device;
  if (std::erase_if(seat(device).filters, [&](const Followed& one) { return one.filter == filter; }) > 0) uplink_.unfollow(device, filter);
}

void Front::received(session::Conversation& conversation, std::uint64_t token) {
  uplink_.received(*guest(conversation).device, token);
}

Delivery Front::deliver(queue::DeviceKey device, const mqtt::Publish& message, std::uint64_t token) {
  const Seat& place = seat(device);
  if (place.guest == nullptr) return Delivery::nobody;
  const auto followed = std::find_if(place.filters.begin(), place.filters.end(),
                                     [&](const Followed& one) { return mqtt::matches(one.filter, message.topic); });
  if (followed == place.filters.end()) return Delivery::nobody;
  mqtt::Publish packet = message;
  packet.qos = std::min(message.qos, followed->qos);
  packet.dup = message.dup && packet.qos > 0;
  packet.retain = false;
  return place.guest->conversation->deliver(packet, token) ? Delivery::sent : Delivery::busy;
}

void Front::ended(session::Conversation& conversation, session::Ending ending, std::string_view detail,
                  const session::StoredWill* will) {
  const auto entry = guests_.find(conversation.number());
  SPHEREGATE_CHECK(entry != guests_.end());
  std::unique_ptr<Guest> leaving = std::move(entry->second);
  guests_.erase(entry);
  if (leaving->device) {
    Seat& place = seat(*leaving->device);
    --connected_;
    if (place.guest == leaving.get()) {
      place.guest = nullptr;
      for (const Followed& one : place.filters) uplink_.unfollow(*leaving->device, one.filter);
      if (!place.keepsSession) place.filters.clear();
      uplink_.absent(*leaving->device);
    }
    if (will != nullptr) publishWill(*leaving, *will);
  } else if (ending != session::Ending::refused) {
    countConnection(label(ending));
  }
  metrics_.counter("device_disconnections_total", "Ends of connections that had passed TLS.", {{"reason", label(ending)}}).add();
  const bool noteworthy = ending == session::Ending::protocolError || ending == session::Ending::connectTimedOut;
  base::log(noteworthy ? base::LogLevel::warn : base::LogLevel::info, "device disconnected",
            {{"device", conversation.certifiedId()}, {"peer", conversation.peer()}, {"reason", label(ending)}, {"detail", detail}});
  buryLater(std::move(leaving));
}

// IoT Hub stamps this property on wills it publishes itself; here the gateway is the one who notices the loss.
void Front::publishWill(const Guest& leaving, const session::StoredWill& will) {
  const hub::PublishTopic topic = hub::classifyPublish(will.topic, leaving.conversation->certifiedId());
  const std::string suffix = hub::withProperty(topic.suffix, "iothub-MessageType", "Will");
  if (suffix.size() > 0xFFFF) return;
  // Nobody waits for an acknowledgement, so a full queue drops it and counts it.
  uplink_.take(*leaving.device, {.suffix = suffix, .payload = will.payload, .retain = will.retain}, 0);
}

void Front::acknowledge(queue::DeviceKey device, queue::Sequence through) {
  const Seat& place = seat(device);
  if (place.guest != nullptr) place.guest->conversation->acknowledgeThrough(through);
}

void Front::roomAgain() {
  std::vector<std::uint64_t> waiting;
  for (const auto& entry : guests_) {
    if (std::exchange(entry.second->held, false)) waiting.push_back(entry.first);
  }
  for (const std::uint64_t number : waiting) {
    const auto entry = guests_.find(number);
    if (entry != guests_.end()) entry->second->conversation->resume();
  }
}

void Front::storeClosed(std::string_view reason) {
  base::logError("store closed", {{"reason", reason},
                                  {"consequence", "devices are refused with CONNACK 3; what is queued is still delivered"},
                                  {"fix", "repair or free the disk of queue.path, then restart the gateway"}});
  endAll("the store is closed");
}

std::vector<DeviceView> Front::devices() const {
  std::vector<DeviceView> all;
  for (std::size_t number = 0; number < custody_.deviceCount(); ++number) {
    const auto device = static_cast<queue::DeviceKey>(number);
    DeviceView view;
    view.id = custody_.id(device);
    view.link = uplink_.linkState(device);
    view.queue = custody_.state(device);
    const Guest* present = number < seats_.size() && seats_[number] ? seats_[number]->guest : nullptr;
    if (present != nullptr) {
      view.connected = true;
      view.peer = present->conversation->peer();
      view.unacknowledged = present->conversation->unacknowledged();
    }
    all.push_back(std::move(view));
  }
  return all;
}

Front::Seat& Front::seat(queue::DeviceKey device) {
  const auto number = static_cast<std::size_t>(device);
  if (number >= seats_.size()) seats_.resize(number + 1);
  if (!seats_[number]) seats_[number] = std::make_unique<Seat>();
  return *seats_[number];
}

Front::Guest& Front::guest(const session::Conversation& conversation) {
  const auto entry = guests_.find(conversation.number());
  SPHEREGATE_CHECK(entry != guests_.end());
  return *entry->second;
}

// A device that is refused may knock every second for ever; it gets one line a minute.
std::optional<std::uint64_t> Front::mayLog(const std::string& what) {
  auto known = refusals_.find(what);
  if (known == refusals_.end() && refusals_.size() < kRefusalsRememberedMax) known = refusals_.try_emplace(what).first;
  return known != refusals_.end() ? known->second.pass(timers_.now()) : std::nullopt;
}

void Front::countConnection(const char* result) {
  metrics_.counter("device_connections_total", "CONNECTs of devices by result.", {{"result", result}}).add();
}

void Front::buryLater(std::unique_ptr<Guest> leaving) {
  buried_.push_back(std::move(leaving));
  if (!burial_.armed()) burial_.after({}, [this] { buried_.clear(); });
}

}  // namespace spheregate::relay
