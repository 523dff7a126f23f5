#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "fake_wire.hpp"
#include "spheregate/mqtt/decoder.hpp"
#include "world.hpp"

namespace spheregate::simulation {

// A device with numbered QoS 1 messages: keeps a window of unacknowledged ones, reconnects for ever, and sends again with DUP
// what was not acknowledged, as the SDKs do.
class FakeDevice final : public base::WireUser {
 public:
  // Opens a connection to the gateway, or gives nothing while there is none.
  using Dial = std::function<std::unique_ptr<base::Wire>(const std::string& id, std::weak_ptr<Connection>& handle)>;

  FakeDevice(World& world, std::string id, std::size_t window, Dial dial);
  ~FakeDevice() override;

  // So many more messages to send, one after the other, with at most this pause between them.
  void produce(std::uint64_t messages, base::Duration pauseMax);
  void cut();
  bool idle() const { return unacknowledged_.empty() && produced_ == wanted_; }

  const std::string& id() const { return id_; }
  std::uint64_t acknowledgedThrough() const { return acknowledged_; }
  std::uint64_t produced() const { return produced_; }
  std::uint64_t connects() const { return connects_; }
  std::size_t window() const { return window_; }
  // PUBACKs out of order, or for something not sent.
  std::uint64_t violations() const { return violations_; }

  void wireBytes(base::ByteView bytes) override;
  void wireDrained() override {}
  void wireClosed(std::string_view reason) override;

 private:
  struct Sent {
    std::uint64_t number;
    mqtt::PacketId packetId;
  };

  void connect();
  void reconnectLater();
  void handle(const mqtt::Frame& frame);
  void expectSomething();
  void produceOne();
  void send(std::uint64_t number, bool dup);

  World& world_;
  std::string id_;
  std::size_t window_;
  Dial dial_;
  std::unique_ptr<base::Wire> wire_;
  std::weak_ptr<Connection> connection_;
  bool live_ = false;
  base::Bytes input_;
  std::deque<Sent> unacknowledged_;
  mqtt::PacketId lastPacketId_ = 0;
  std::uint64_t wanted_ = 0;
  std::uint64_t produced_ = 0;
  std::uint64_t acknowledged_ = 0;
  std::uint64_t connects_ = 0;
  std::uint64_t violations_ = 0;
  base::Duration pauseMax_{};
  base::Timer next_;
  base::Timer reconnect_;
  base::Timer patience_;
};

}  // namespace spheregate::simulation
