#include <utility>

#include "front_parts.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/hub/username.hpp"
#include "spheregate/relay/front.hpp"

// How a device comes in and what its will may be.
namespace spheregate::relay {
namespace {

using mqtt::ConnackCode;

// IoT Hub stamps this property on wills it publishes itself.
std::string willSuffix(std::string_view suffix) { return hub::withProperty(suffix, "iothub-MessageType", "Will"); }

}  // namespace

session::ConnectAnswer Front::connecting(session::Conversation& conversation, const mqtt::Connect& connect) {
  connectCame(guest(conversation));
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
    if (hub::hasQueryKey(username->query, "auth-chain")) {
      return refuse(conversation, ConnackCode::notAuthorized, "auth_chain", "the username carries an auth-chain, which only gateways may",
                    "connect the device itself, without auth-chain");
    }
    query = username->query;
  }
  if (connect.will) {
    const hub::PublishTopic topic = hub::classifyPublish(connect.will->topic, id);
    if (topic.kind != hub::PublishKind::telemetry) {
      return refuse(conversation, ConnackCode::notAuthorized, "bad_will", "the will's topic is not the device's telemetry topic",
                    "use `devices/{device id}/messages/events/` as the will's topic");
    }
    const std::string suffix = willSuffix(topic.suffix);
    if (!fits(id, suffix, connect.will->payload)) {
      const auto objection = uplink_.links().objection(id, suffix, connect.will->payload.size());
      return refuse(conversation, ConnackCode::notAuthorized, "bad_will",
                    "the will cannot be published: " + std::string{objection ? objection->reason : "too_large"},
                    objection ? objection->fix : "keep its properties and payload within devices.max_message_bytes");
    }
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
  if (!std::exchange(place.known, true)) place.filters = sessions_->of(newcomer.conversation->certifiedId());
  if (connect.cleanSession) {
    place.filters.clear();
    sessions_->keep(newcomer.conversation->certifiedId(), {});
  }
  place.keepsSession = !connect.cleanSession;
  countConnection("ok");
  if (const auto before = visits_.pass(newcomer.conversation->certifiedId(), timers_.now())) {
    base::logInfo("device connected", {{"device", newcomer.conversation->certifiedId()},
                                       {"peer", newcomer.conversation->peer()},
                                       {"keep_alive_s", connect.keepAliveSeconds},
                                       {"clean_session", connect.cleanSession},
                                       {"more_before", *before}});
  }
  uplink_.present(device, query);
  return {.code = ConnackCode::accepted, .sessionPresent = !place.filters.empty()};
}

session::ConnectAnswer Front::refuse(session::Conversation& conversation, ConnackCode code, const char* result, std::string_view reason,
                                     std::string_view fix) {
  countConnection(result);
  logRefusal(conversation.peer(), *guest(conversation).verdict, result, std::to_string(static_cast<int>(code)), reason, fix);
  return {.code = code, .sessionPresent = false};
}

void Front::logRefusal(std::string_view peer, const tls::Verdict& verdict, const char* result, std::string_view connack,
                       std::string_view reason, std::string_view fix) {
  const auto before = refusals_.pass(verdict.deviceId, timers_.now());
  if (!before) return;
  base::logWarn("device refused", {{"peer", peer},
                                   {"cn", verdict.deviceId},
                                   {"issuer", verdict.certificate.issuer},
                                   {"serial", verdict.certificate.serial},
                                   {"not_before", verdict.certificate.notBefore},
                                   {"not_after", verdict.certificate.notAfter},
                                   {"result", result},
                                   {"connack", connack},
                                   {"reason", reason},
                                   {"fix", fix},
                                   {"more_before", *before}});
}

// The CONNECT has come, or will never come.
void Front::connectCame(Guest& guest) {
  if (!std::exchange(guest.unfinished, false)) return;
  const auto entry = unfinished_.find(guest.verdict->deviceId);
  if (--entry->second == 0) unfinished_.erase(entry);
}

bool Front::fits(std::string_view id, std::string_view suffix, base::ByteView payload) const {
  return !uplink_.links().objection(id, suffix, payload.size()) && suffix.size() + payload.size() <= settings_.messageBytesMax;
}

// Here the gateway is the one who notices the loss.
void Front::publishWill(const Guest& leaving, const session::StoredWill& will) {
  const std::string_view id = leaving.conversation->certifiedId();
  const std::string suffix = willSuffix(hub::classifyPublish(will.topic, id).suffix);
  if (!fits(id, suffix, will.payload)) return willsDropped_.add();
  // Nobody waits for an acknowledgement, so a full queue drops it and counts it.
  uplink_.take(*leaving.device, {.suffix = suffix, .payload = will.payload, .retain = will.retain}, 0);
}

void Front::countConnection(const char* result) {
  metrics_.counter("device_connections_total", "CONNECTs of devices by result.", {{"result", result}}).add();
}

}  // namespace spheregate::relay
