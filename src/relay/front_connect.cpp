#include <utility>

#include "claims.hpp"
#include "front_metrics.hpp"
#include "front_parts.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/hub/topics.hpp"
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
  std::string_view query;
  if (const auto fault = claimFault(connect, id, hub_, query)) {
    return refuse(conversation, ConnackCode::notAuthorized, fault->result, fault->reason, fault->fix);
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
                    "the will cannot be published: " + std::string{objection ? objection->sentence : "it is too large"},
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
  newcomer.since = timers_.clock().wall();
  place.guest = &newcomer;
  ++connected_;
  ++devicesByCa_[newcomer.verdict->caSha256];
  if (!std::exchange(place.known, true)) place.filters = sessions_->of(newcomer.conversation->certifiedId());
  if (connect.cleanSession) {
    place.filters.clear();
    sessions_->keep(newcomer.conversation->certifiedId(), {});
  }
  place.keepsSession = !connect.cleanSession;
  counts_->connected("ok");
  if (const auto before = visits_.pass(newcomer.conversation->certifiedId(), timers_.now())) {
    base::logInfo("device connected", {{"device", newcomer.conversation->certifiedId()},
                                       {"peer", newcomer.conversation->peer()},
                                       {"keep_alive_s", connect.keepAliveSeconds},
                                       {"clean_session", connect.cleanSession},
                                       base::moreBefore(*before)});
  }
  if (notes_ != nullptr) notes_->allowed(Deed::connect, newcomer.conversation->certifiedId());
  uplink_.present(device, query);
  return {.code = ConnackCode::accepted, .sessionPresent = !place.filters.empty()};
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
  if (!fits(id, suffix, will.payload)) return counts_->willsDropped.add();
  // Nobody waits for an acknowledgement, so a full queue drops it and counts it.
  uplink_.take(*leaving.device, {.suffix = suffix, .payload = will.payload, .retain = will.retain}, 0);
}

}  // namespace spheregate::relay
