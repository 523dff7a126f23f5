#include "hubsim/mailbox.hpp"

#include <algorithm>
#include <chrono>

#include "hubsim/base64.hpp"
#include "hubsim/limits.hpp"

namespace spheregate::hubsim {

std::string cloudTopic(const std::string& device, const std::vector<hub::Property>& properties) {
  return "devices/" + device + "/messages/devicebound/" + hub::formatBag(properties);
}

bool Mailbox::put(CloudMessage message) {
  if (messages_.size() >= kMailboxMessagesMax) return false;
  message.sequence = ++sequences_;
  message.packetId = freePacketId();
  messages_.push_back(std::move(message));
  deliver();
  arm();
  return true;
}

void Mailbox::attach(CloudReceiver& receiver, std::uint8_t qos) {
  receiver_ = &receiver;
  qos_ = qos;
  deliver();
  arm();
}

void Mailbox::detach() {
  if (!receiver_) return;
  receiver_ = nullptr;
  if (rules_.cloudReturnAtDisconnect) release(true);
  arm();
}

bool Mailbox::acknowledge(mqtt::PacketId id) {
  const auto found = std::find_if(messages_.begin(), messages_.end(),
                                  [&](const CloudMessage& message) { return message.packetId == id && message.lockedUntil; });
  if (found == messages_.end()) return false;
  finish(found, "completed");
  arm();
  return true;
}

std::size_t Mailbox::purge() {
  const std::size_t purged = messages_.size();
  for (auto place = messages_.begin(); place != messages_.end();) place = finish(place, "purged");
  arm();
  return purged;
}

// The receiver may detach itself in `receive`, which may dead-letter messages, so every turn looks anew.
void Mailbox::deliver() {
  expire();
  for (;;) {
    const auto next = std::find_if(messages_.begin(), messages_.end(), [](const CloudMessage& m) { return !m.lockedUntil; });
    if (!receiver_ || next == messages_.end()) return;
    ++next->deliveries;
    next->lockedUntil =
        rules_.cloudLockSeconds == 0 ? base::MonoTime::max() : timers_.now() + std::chrono::seconds{rules_.cloudLockSeconds};
    const CloudMessage message = *next;
    const std::uint8_t qos = qos_;
    receiver_->receive(message, qos);
    if (qos > 0) continue;
    const auto sent =
        std::find_if(messages_.begin(), messages_.end(), [&](const CloudMessage& m) { return m.sequence == message.sequence; });
    if (sent != messages_.end()) finish(sent, "completed");
  }
}

// Unlocks what was locked too long, or everything.
void Mailbox::release(bool all) {
  const base::MonoTime now = timers_.now();
  for (auto place = messages_.begin(); place != messages_.end();) {
    const bool due = place->lockedUntil && (all || *place->lockedUntil <= now);
    if (due) place->lockedUntil.reset();
    if (due && rules_.cloudLockExpiryCounts && place->deliveries >= rules_.cloudDeliveriesMax)
      place = finish(place, "dead_lettered");
    else
      ++place;
  }
}

void Mailbox::expire() {
  const base::MonoTime now = timers_.now();
  for (auto place = messages_.begin(); place != messages_.end();)
    place = !place->lockedUntil && place->expires <= now ? finish(place, "expired") : place + 1;
}

void Mailbox::arm() {
  std::optional<base::MonoTime> next;
  for (const CloudMessage& message : messages_) {
    const base::MonoTime due = message.lockedUntil.value_or(message.expires);
    if (due != base::MonoTime::max()) next = std::min(next.value_or(due), due);
  }
  if (!next) return timer_.cancel();
  timer_.at(*next, [this] {
    release(false);
    deliver();
    arm();
  });
}

Mailbox::Place Mailbox::finish(Place place, std::string_view outcome) {
  outcomes_.add({device_, place->sequence, place->messageId, std::string{outcome}, place->deliveries});
  return messages_.erase(place);
}

mqtt::PacketId Mailbox::freePacketId() {
  const auto taken = [this] {
    return std::any_of(messages_.begin(), messages_.end(),
                       [this](const CloudMessage& message) { return message.packetId == lastPacketId_; });
  };
  do lastPacketId_ = lastPacketId_ == kPacketIdMax ? mqtt::PacketId{1} : static_cast<mqtt::PacketId>(lastPacketId_ + 1);
  while (taken());
  return lastPacketId_;
}

Json Mailbox::toJson() const {
  Json out = Json::array();
  for (const CloudMessage& message : messages_) {
    Json bag = Json::array();
    for (const hub::Property& property : message.properties)
      bag.push_back({property.key, property.value ? Json(*property.value) : Json(nullptr)});
    out.push_back({{"sequence", message.sequence},
                   {"message_id", message.messageId},
                   {"properties", std::move(bag)},
                   {"payload", base64(message.payload)},
                   {"enqueued_ms", message.enqueuedMs},
                   {"deliveries", message.deliveries},
                   {"state", message.lockedUntil ? "locked" : "queued"}});
  }
  return out;
}

}  // namespace spheregate::hubsim
