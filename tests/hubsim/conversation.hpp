#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hubsim/acknowledgements.hpp"
#include "hubsim/downlink.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/login.hpp"
#include "hubsim/packet_reader.hpp"
#include "hubsim/packet_writer.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"
#include "spheregate/mqtt/decoder.hpp"

namespace spheregate::hubsim {

// IoT Hub's side of one MQTT connection: the packets, and the rules whose breach closes it. IoT Hub has no error packet in
// MQTT 3.1.1, so everything it does not like ends in a close; `end` counts the reason.
class Conversation final : private base::WireUser {
 public:
  Conversation(Hub& hub, std::shared_ptr<base::Wire> wire, ClientCertificate certificate);
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  void start();
  // Closes the connection; what is in the outbox still leaves. The second call does nothing.
  void end(std::string_view reason);

  std::uint64_t connection() const { return connection_; }  // zero before a CONNECT was accepted
  const std::string& device() const { return *device_; }
  Downlink& downlink() { return downlink_; }

 private:
  void wireBytes(base::ByteView bytes) override;
  void wireDrained() override;
  void wireClosed(std::string_view reason) override;

  void handle(const mqtt::Frame& frame, base::ByteView packet);
  void handleConnect(const mqtt::Frame& frame, base::ByteView packet);
  void handlePublish(const mqtt::Frame& frame);
  void handleTelemetry(const mqtt::Publish& publish, std::string_view suffix);
  void handlePuback(const mqtt::Frame& frame);
  void handleSubscribe(const mqtt::Frame& frame);
  void handleUnsubscribe(const mqtt::Frame& frame);
  void handlePingreq(const mqtt::Frame& frame);

  void accept(const mqtt::Connect& connect, const Login& login, base::ByteView packet);
  void refuse(Refusal refusal, std::string_view clientId);
  void publishWill();
  void armExpiry(const Login& login);
  void armKeepAlive();
  void limitReading(std::size_t bytes);
  void steerReading();

  Hub& hub_;
  std::shared_ptr<base::Wire> wire_;
  ClientCertificate certificate_;
  std::shared_ptr<const std::string> device_ = std::make_shared<const std::string>();
  std::string topicId_;
  std::uint64_t connection_ = 0;
  bool ended_ = false;
  bool readingPaused_ = false;
  std::uint64_t messages_ = 0;
  std::optional<Message> will_;
  base::MonoTime lastHeard_;
  base::Duration silenceMax_{};
  PacketReader reader_;
  PacketWriter writer_;
  Acknowledgements acknowledgements_;
  Downlink downlink_;
  base::Timer silence_;  // before CONNECT: the deadline for it; then keep-alive
  base::Timer expiry_;
  base::Timer slowReading_;
};

}  // namespace spheregate::hubsim
