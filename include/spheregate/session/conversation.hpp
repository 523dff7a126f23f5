#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"
#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/mqtt/packets.hpp"
#include "spheregate/session/host.hpp"
#include "spheregate/session/settings.hpp"

namespace spheregate::session {

// The server side of MQTT 3.1.1 with one device, from its first byte to its end. No sockets: it reads from and writes to a
// Wire. PUBACKs leave in the order of their PUBLISHes (§4.6). Core thread only; owned by whoever welcomed the wire.
class Conversation final : public base::WireUser {
 public:
  // `certifiedId` is whom the certificate speaks for; `number` is the host's own for this conversation. The host outlives it.
  Conversation(std::unique_ptr<base::Wire> wire, std::string certifiedId, std::uint64_t number, const Settings& settings,
               base::Timers& timers, Host& host);
  ~Conversation() override;
  Conversation(const Conversation&) = delete;
  Conversation& operator=(const Conversation&) = delete;

  // Starts listening to the wire; call once, after the owner holds the conversation.
  void start();

  // Acknowledges, in order, every PUBLISH taken with a token up to this one.
  void acknowledgeThrough(std::uint64_t token);
  // Sends a message to the device, at QoS 1 under its packet id if that is free; `received` tells when it has arrived. False when the
  // device does not take what it gets: nothing was sent.
  [[nodiscard]] bool deliver(const mqtt::Publish& message, std::uint64_t token);
  // There may be room again after `hold`.
  void resume();
  // Ends it from our side. Answers CONNACK 3 when the device is still waiting for one.
  void end(Ending ending, std::string_view detail);

  std::uint64_t number() const { return number_; }
  std::string_view certifiedId() const { return certifiedId_; }
  std::string_view peer() const { return wire_->peer(); }
  bool admitted() const { return state_ == State::live; }
  bool ended() const { return state_ == State::ended; }
  std::size_t unacknowledged() const { return unacknowledged_.size(); }

  void wireBytes(base::ByteView bytes) override;
  void wireDrained() override;
  void wireClosed(std::string_view reason) override;

 private:
  enum class State : std::uint8_t { awaitingConnect, live, ended };
  enum class Step : std::uint8_t { next, stop };
  struct Unacknowledged {
    std::uint64_t token;
    mqtt::PacketId packetId;
  };

  std::size_t consume(base::ByteView bytes);
  void pump(base::ByteView bytes);
  void keep(base::ByteView bytes);
  Step handle(const mqtt::Frame& frame);
  Step handleConnect(const mqtt::Frame& frame);
  Step handlePublish(const mqtt::Frame& frame);
  Step handlePuback(const mqtt::Frame& frame);
  Step handleSubscribe(const mqtt::Frame& frame);
  Step handleUnsubscribe(const mqtt::Frame& frame);
  Step handleEmpty(const mqtt::Frame& frame);
  Step fail(std::string_view detail);
  Step fail(const boost::system::error_code& error);

  mqtt::PacketId deliveryId(mqtt::PacketId wanted);
  bool retransmission(const mqtt::Publish& publish) const;
  bool noRoom() const;
  bool blocked() const;
  void pause();
  void unpauseIfPossible();
  void watchKeepAlive(std::uint16_t seconds);
  void checkKeepAlive();
  void finish(Ending ending, std::string_view detail, bool closeWire);

  std::unique_ptr<base::Wire> wire_;
  std::string certifiedId_;
  std::uint64_t number_;
  const Settings& settings_;
  base::Timers& timers_;
  Host& host_;

  State state_ = State::awaitingConnect;
  bool paused_ = false;
  bool held_ = false;     // the host has no room for the PUBLISH at the start of `input_`
  bool pumping_ = false;
  base::Bytes input_;     // bytes that are not a whole packet yet, or that wait for room
  std::deque<Unacknowledged> unacknowledged_;
  std::vector<Unacknowledged> delivering_;  // QoS 1 on its way to the device
  mqtt::PacketId lastOwnId_ = 0xFFFF;
  std::unique_ptr<StoredWill> will_;
  base::Timer deadline_;  // CONNECT first, keep-alive later
  base::Duration silenceMax_{};
  base::MonoTime heard_{};
};

}  // namespace spheregate::session
