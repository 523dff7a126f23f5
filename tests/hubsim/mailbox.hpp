#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hubsim/json_text.hpp"
#include "hubsim/outcomes.hpp"
#include "hubsim/rules.hpp"
#include "spheregate/base/bytes.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/hub/property_bag.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::hubsim {

// One cloud-to-device message on its way.
struct CloudMessage {
  std::uint64_t sequence = 0;
  std::string messageId;
  std::vector<hub::Property> properties;  // the bag, system properties first
  base::Bytes payload;
  std::int64_t enqueuedMs = 0;  // wall clock, since 1970
  base::MonoTime expires;
  mqtt::PacketId packetId = 0;  // kept for every delivery, so that a repeated one is a retransmission
  std::uint32_t deliveries = 0;
  std::optional<base::MonoTime> lockedUntil;  // delivered, not yet acknowledged
};

// `devices/{id}/messages/devicebound/{bag}`
[[nodiscard]] std::string cloudTopic(const std::string& device, const std::vector<hub::Property>& properties);

// The connection a mailbox is emptied into. It may detach itself in the call.
class CloudReceiver {
 public:
  virtual ~CloudReceiver() = default;
  // Number `message.deliveries` of this message.
  virtual void receive(const CloudMessage& message, std::uint8_t qos) = 0;
};

// The cloud-to-device messages of one device, in the order they were sent: at most kMailboxMessagesMax, each locked while it is
// with the device, completed by its PUBACK, delivered again when the lock runs out or the connection goes, dead-lettered
// after too many deliveries, expired when its time is up.
class Mailbox {
 public:
  // Packet ids from 1 to this are the mailbox's; the connection numbers its other messages above.
  static constexpr mqtt::PacketId kPacketIdMax = 0x7fff;

  Mailbox(std::string device, const Rules& rules, Outcomes& outcomes, base::Timers& timers)
      : device_{std::move(device)}, rules_{rules}, outcomes_{outcomes}, timers_{timers}, timer_{timers} {}

  // False: full. Sequence and packet id are filled in.
  bool put(CloudMessage message);
  // Delivers what waits, at once and from now on. With QoS 0 a delivery completes the message.
  void attach(CloudReceiver& receiver, std::uint8_t qos);
  void detach();
  // False when no message with this packet id is with the device.
  bool acknowledge(mqtt::PacketId id);
  std::size_t purge();

  std::size_t size() const { return messages_.size(); }
  Json toJson() const;

 private:
  using Place = std::deque<CloudMessage>::iterator;
  void deliver();
  void release(bool all);
  void expire();
  void arm();
  Place finish(Place place, std::string_view outcome);
  mqtt::PacketId freePacketId();

  std::string device_;
  const Rules& rules_;
  Outcomes& outcomes_;
  base::Timers& timers_;
  std::deque<CloudMessage> messages_;
  CloudReceiver* receiver_ = nullptr;
  std::uint8_t qos_ = 0;
  std::uint64_t sequences_ = 0;
  mqtt::PacketId lastPacketId_ = 0;
  base::Timer timer_;
};

}  // namespace spheregate::hubsim
