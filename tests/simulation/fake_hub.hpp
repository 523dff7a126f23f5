#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "fake_wire.hpp"
#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/upstream/dialer.hpp"
#include "world.hpp"

namespace spheregate::simulation {

struct HubFaults {
  bool outage = false;
  double refuseConnect = 0;       // CONNACK 3
  double closeInsteadOfAck = 0;   // recorded, then the connection is closed without a PUBACK
  double dropUnseen = 0;          // the connection is closed before the message is looked at
  double swallowAck = 0;          // recorded, and the PUBACK never comes: a stall
  base::Duration ackDelayMax = std::chrono::milliseconds{5};
};

// IoT Hub as far as telemetry goes: records what arrives, in order, acknowledges late or never, closes at will.
class FakeHub {
 public:
  explicit FakeHub(World& world) : world_{world} {}

  // The far side of a new connection.
  void accept(std::unique_ptr<base::Wire> wire, std::weak_ptr<Connection> connection);
  // Cuts every connection.
  void cutAll();
  void cutOne();

  HubFaults faults;
  // Everything that arrived of each device, repeats included.
  const std::vector<std::uint64_t>& arrived(const std::string& device) { return arrived_[device]; }
  std::uint64_t connects(const std::string& device) { return connects_[device]; }
  // Payloads or topics that were not what the device sent.
  std::uint64_t corrupted() const { return corrupted_; }

 private:
  class Peer;

  void record(const std::string& device, const mqtt::Publish& publish);
  void bury();

  World& world_;
  std::vector<std::shared_ptr<Peer>> peers_;
  std::map<std::string, std::vector<std::uint64_t>> arrived_;
  std::map<std::string, std::uint64_t> connects_;
  std::uint64_t corrupted_ = 0;
};

// Dials the fake hub.
class FakeDialer final : public upstream::Dialer {
 public:
  FakeDialer(World& world, FakeHub& hub) : world_{world}, hub_{hub} {}
  std::unique_ptr<upstream::Dial> dial(std::string_view host, Done done) override;

 private:
  World& world_;
  FakeHub& hub_;
};

// What device and hub agree a message looks like: topic suffix and payload are made from the number alone.
std::string suffixOf(std::uint64_t number);
std::string payloadOf(std::uint64_t number);
// The number in a payload, 0 when it is not one.
std::uint64_t numberOf(std::string_view payload);

}  // namespace spheregate::simulation
