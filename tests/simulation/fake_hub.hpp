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
  std::uint32_t connectsPerSecond = 0;   // above it CONNACK 3; 0: no limit
  std::uint32_t messagesPerSecond = 0;   // above it the connection is closed
  bool quotaUsedUp = false;              // every message closes
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
  // Messages that the hub never takes, but closes: each so many-th of a device; 0: none.
  std::uint64_t poisonEvery = 0;
  bool poisonous(std::uint64_t number) const { return poisonEvery > 0 && number % poisonEvery == poisonEvery / 2; }
  bool mended = false;  // it takes them after all
  // How often a connection of the device ended on this message, or for the network.
  std::uint64_t closes(const std::string& device, std::uint64_t number) { return closes_[device][number] + cuts_[device]; }
  // Everything that arrived of each device, repeats included.
  const std::vector<std::uint64_t>& arrived(const std::string& device) { return arrived_[device]; }
  std::uint64_t connects(const std::string& device) { return connects_[device]; }
  // Payloads or topics that were not what the device sent.
  std::uint64_t corrupted() const { return corrupted_; }

 private:
  class Peer;

  bool takes(std::uint32_t perSecond, double& used, base::MonoTime& since);
  void record(const std::string& device, const mqtt::Publish& publish);
  void bury();

  World& world_;
  std::vector<std::shared_ptr<Peer>> peers_;
  std::map<std::string, std::vector<std::uint64_t>> arrived_;
  std::map<std::string, std::uint64_t> connects_;
  std::map<std::string, std::map<std::uint64_t, std::uint64_t>> closes_;
  std::map<std::string, std::uint64_t> cuts_;
  double connectsUsed_ = 0;
  double messagesUsed_ = 0;
  base::MonoTime connectsSince_{};
  base::MonoTime messagesSince_{};
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
