#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "fake_control.hpp"
#include "simulation/memory_store.hpp"
#include "spheregate/upstream/gateway_link.hpp"
#include "spheregate/upstream/kept_messages.hpp"
#include "spheregate/upstream/shared_links.hpp"
#include "unit/fakes.hpp"

namespace spheregate::upstream::test {

// A device that has `waiting` messages for the hub and sends them when there is room.
class Sender final : public LinkUser {
 public:
  void linkUp(Link&) override {
    ++ups;
    send();
  }
  void linkAcknowledged(Link&, std::uint64_t token) override { acknowledged.push_back(token); }
  void linkMessage(Link&, const mqtt::Publish& message) override {
    topics.emplace_back(message.topic);
    payloads.emplace_back(base::asText(message.payload));
    dups.push_back(message.dup);
    ids.push_back(message.packetId);
  }
  void linkRoom(Link&) override { send(); }
  void linkDown(Link&, std::string_view reason) override { downs.emplace_back(reason); }
  void send() {
    while (waiting > 0 && link->room() > 0) {
      --waiting;
      ++sent;
      link->publish("devices/x/messages/events", "/n=" + std::to_string(sent), base::Bytes(bytes), false, false, sent);
    }
  }

  Link* link = nullptr;
  int waiting = 0;
  std::size_t bytes = 10;
  std::uint64_t sent = 0;
  int ups = 0;
  std::vector<std::uint64_t> acknowledged;
  std::vector<std::string> downs;
  std::vector<std::string> topics;
  std::vector<std::string> payloads;
  std::vector<bool> dups;
  std::vector<mqtt::PacketId> ids;
};

class SharedTest : public testing::Test {
 protected:
  struct Device {
    Sender user;
    std::unique_ptr<Link> link;
  };

  SharedTest() {
    settings.mode = Mode::shared;
    settings.inflightPerDevice = 32;
    open();
  }

  // As at the start of the process; what is on the disk is there already.
  void open() {
    devices.clear();
    links.reset();
    gateway.reset();
    kept.reset();
    store = std::make_unique<simulation::MemoryStore>(time.timers, disk);
    kept = std::make_unique<KeptMessages>(*store, time.clock, registry);
    gateway = std::make_unique<GatewayLink>(
        GatewayContext{.settings = settings, .address = {}, .patience = std::chrono::seconds{20}, .timers = time.timers, .clients = controls,
                       .identity = identity, .metrics = metrics, .random = random},
        [this](const ControlMessage& message) { kept->keep(message); });
    links = std::make_unique<SharedLinks>(*gateway, *kept, settings, time.timers);
    gateway->open();
  }
  FakeControl& hub() { return *controls.client; }
  void bringUp() {
    hub().accepts();
    time.settle();
  }
  Device& device(const std::string& id) {
    devices.push_back(std::make_unique<Device>());
    Device& made = *devices.back();
    made.link = links->make(id, made.user);
    made.user.link = made.link.get();
    made.link->open({});
    time.settle();
    return made;
  }
  Device& listening(const std::string& id, std::uint8_t qos = 1) {
    Device& made = device(id);
    made.link->follow("devices/" + id + "/messages/devicebound/#", qos);
    time.settle();
    return made;
  }
  void cloudSends(const std::string& id, std::string_view payload, const std::string& more = {}, bool dup = false) {
    hub().sends("devices/plant/messages/devicebound/%24.mid=1&spheregate-device=" + id + more, payload, 1, dup);
    time.settle();
  }
  std::map<std::string, std::string>& rows() { return disk.of(state::Table::cloudMessages); }

  spheregate::test::ManualTime time;
  Settings settings;
  metrics::Registry registry;
  LinkMetrics metrics{registry};
  std::mt19937_64 random{7};
  simulation::MemoryTables disk;
  FakeControls controls;
  FakeIdentity identity;
  std::unique_ptr<simulation::MemoryStore> store;
  std::unique_ptr<KeptMessages> kept;
  std::unique_ptr<GatewayLink> gateway;
  std::unique_ptr<SharedLinks> links;
  std::vector<std::unique_ptr<Device>> devices;
};

}  // namespace spheregate::upstream::test
