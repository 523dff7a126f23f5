#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>

#include "hubsim/device_state.hpp"
#include "hubsim/hub_error.hpp"
#include "hubsim/method_calls.hpp"
#include "hubsim/packet_writer.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::hubsim {

class Hub;

// What the hub publishes to one connected device, as far as it subscribed: cloud-to-device messages, answers to its twin
// requests, desired properties and methods. May close the connection, also while it is called.
class Downlink final : private CloudReceiver {
 public:
  using Close = std::function<void(std::string_view reason)>;

  Downlink(Hub& hub, PacketWriter& writer, Close close);

  // The CONNECT was accepted. Whether a kept subscription makes the session present.
  bool open(const std::string& device, DeviceState& state, bool cleanSession);
  // The CONNACK was said: the device may be spoken to.
  void begin();
  void close();

  void subscribe(const mqtt::Subscribe& subscribe);
  void unsubscribe(const mqtt::Unsubscribe& unsubscribe);
  // False when nothing with this packet id was ever sent on this connection.
  bool acknowledge(mqtt::PacketId id);

  void twinGet(std::string_view rid);
  void twinReported(std::string_view topic, std::string_view rid, base::ByteView payload);
  void methodResponse(const hub::PublishTopic& topic, base::ByteView payload);

  // For services; both flush.
  void pushDesired(const Json& patch);
  // False when the device takes no methods.
  bool invoke(const MethodCall& call, std::string_view rid);

 private:
  static constexpr std::size_t kFamilies = 4;  // cloudToDevice, twinResponses, desiredProperties, methods
  using Granted = std::array<std::optional<std::uint8_t>, kFamilies>;
  struct Answer {
    base::MonoTime due;
    std::string topic;
    std::string payload;
  };

  void receive(const CloudMessage& message, std::uint8_t qos) override;
  bool moduleInputs(std::string_view filter) const;
  std::optional<std::uint8_t>& granted(hub::FilterKind kind) { return granted_[static_cast<std::size_t>(kind)]; }
  std::optional<HubError> refusesTwin(bool withinRate);
  void answer(std::string_view rid, int status, std::string_view query, std::string payload);
  void answer(std::string_view rid, const HubError& error);
  void sayAnswer(const Answer& answer);
  void sayDueAnswers();
  void publish(std::string_view topic, base::ByteView payload, std::uint8_t granted);
  void say(const mqtt::Publish& publish);
  std::optional<mqtt::PacketId> freePacketId();

  Hub& hub_;
  PacketWriter& writer_;
  Close close_;
  std::string device_;
  std::string topicId_;
  DeviceState* state_ = nullptr;  // while open
  bool cleanSession_ = true;
  Granted granted_{};
  std::unordered_set<mqtt::PacketId> sent_;            // packet ids used on this connection
  std::unordered_set<mqtt::PacketId> unacknowledged_;  // of them, those that are not the mailbox's
  mqtt::PacketId lastPacketId_ = Mailbox::kPacketIdMax;
  std::deque<Answer> delayed_;
  base::Timer delay_;
};

}  // namespace spheregate::hubsim
