#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hubsim/dps/provisioning.hpp"
#include "hubsim/packet_reader.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"
#include "spheregate/mqtt/decoder.hpp"

namespace spheregate::hubsim {

// The provisioning service's side of one MQTT connection: a CONNECT, a subscription, and requests to register and to ask how it
// went.
class DpsConversation final : private base::WireUser {
 public:
  DpsConversation(Provisioning& service, std::shared_ptr<base::Wire> wire, ClientCertificate certificate);
  DpsConversation(const DpsConversation&) = delete;
  DpsConversation& operator=(const DpsConversation&) = delete;

  void start();
  // Closes the connection; what is in the outbox still leaves. The second call does nothing.
  void end(std::string_view reason);

 private:
  struct Answer {
    base::MonoTime due;
    std::string topic;
    std::string payload;
  };

  void wireBytes(base::ByteView bytes) override;
  void wireDrained() override {}
  void wireClosed(std::string_view reason) override;

  void handle(const mqtt::Frame& frame);
  void handleConnect(const mqtt::Frame& frame);
  void handleSubscribe(const mqtt::Frame& frame);
  void handleUnsubscribe(const mqtt::Frame& frame);
  void handlePublish(const mqtt::Frame& frame);
  void refuse(Refusal refusal, std::string_view clientId);
  void armKeepAlive();

  DpsAnswer judge(bool registers, std::string_view query, std::string_view body);
  void owe(std::string_view rid, const DpsAnswer& answer);
  void sayDueAnswers();

  Provisioning& service_;
  Hub& hub_;
  std::shared_ptr<base::Wire> wire_;
  ClientCertificate certificate_;
  std::optional<DpsLogin> login_;  // since the CONNECT was accepted
  std::optional<std::uint8_t> granted_;
  bool ended_ = false;
  PacketReader reader_;
  base::MonoTime lastHeard_;
  base::Duration silenceMax_{};
  mqtt::PacketId lastPacketId_ = 0;
  std::deque<Answer> owed_;
  base::Timer silence_;  // before CONNECT: the deadline for it; then keep-alive
  base::Timer delay_;
};

}  // namespace spheregate::hubsim
