#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "spheregate/mqtt/encoder.hpp"
#include "spheregate/upstream/own_link.hpp"
#include "unit/fakes.hpp"

// A link whose dials, wires and time are in the hands of the test.
namespace spheregate::upstream {

using base::Bytes;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class ScriptedDialer final : public Dialer {
 public:
  class Attempt final : public Dial {};
  std::unique_ptr<Dial> dial(std::string_view host, Done done) override {
    hosts.emplace_back(host);
    waiting.push_back(std::move(done));
    return std::make_unique<Attempt>();
  }
  std::deque<Done> waiting;
  std::vector<std::string> hosts;
};

class ScriptedCredentials final : public Credentials {
 public:
  std::unique_ptr<LoginRequest> login(std::string_view, base::WallTime now, Done done) override {
    if (missing) {
      done(base::failed<Login>("no key for this device"));
    } else {
      done(Login{.hub = hub, .usernameTail = tail, .password = "token", .expires = now + minutes{60}});
    }
    return nullptr;
  }
  void refused(std::string_view) override { ++refusals; }
  bool missing = false;
  void accepted(std::string_view) override { ++acceptances; }
  std::string_view remedy() const override { return "look here"; }
  std::string hub = "contoso.azure-devices.net";
  std::string tail;
  int refusals = 0;
  int acceptances = 0;
};

class RecordingUser final : public LinkUser {
 public:
  void linkUp(Link&) override { ++ups; }
  void linkAcknowledged(Link&, std::uint64_t token) override { acknowledged.push_back(token); }
  void linkMessage(Link& link, const mqtt::Publish& message) override {
    messages.emplace_back(message.topic);
    if (message.qos == 1 && acknowledges) link.acknowledge(link.epoch(), message.packetId);
  }
  void linkRoom(Link&) override { ++rooms; }
  void linkDown(Link&, std::string_view reason) override { downs.emplace_back(reason); }
  int ups = 0;
  int rooms = 0;
  std::vector<std::uint64_t> acknowledged;
  std::vector<std::string> downs;
  std::vector<std::string> messages;
  bool acknowledges = true;
};

class LinkTest : public ::testing::Test {
 protected:
  LinkTest() { settings.hub = "contoso.azure-devices.net"; }

  // The dial succeeds; gives the view of the new wire.
  test::WireView& reach() {
    time.settle();
    EXPECT_EQ(dialer.waiting.size(), 1u);
    auto done = std::move(dialer.waiting.front());
    dialer.waiting.pop_front();
    views.push_back(std::make_unique<test::WireView>());
    done(std::unique_ptr<base::Wire>{std::make_unique<test::ScriptedWire>(*views.back())});
    return *views.back();
  }
  void fail(const char* why) {
    time.settle();
    ASSERT_EQ(dialer.waiting.size(), 1u);
    auto done = std::move(dialer.waiting.front());
    dialer.waiting.pop_front();
    done(std::string{why});
  }
  test::WireView& comeUp() {
    test::WireView& view = reach();
    says(view, connack());
    view.sent.clear();
    return view;
  }
  static void says(test::WireView& view, const Bytes& bytes) { view.user->wireBytes(bytes); }
  static Bytes connack(mqtt::ConnackCode code = mqtt::ConnackCode::accepted) {
    Bytes out;
    mqtt::appendConnack(out, {.sessionPresent = false, .code = code});
    return out;
  }
  static Bytes puback(mqtt::PacketId id) {
    Bytes out;
    mqtt::appendPuback(out, id);
    return out;
  }
  void publish(std::uint64_t token, bool dup = false) {
    link.publish("devices/dev/messages/events", "/k=v", base::asBytes("payload"), false, dup, token);
  }

  test::ManualTime time;
  Settings settings;
  metrics::Registry registry;
  LinkMetrics metrics{registry};
  ScriptedDialer dialer;
  ScriptedCredentials credentials;
  std::mt19937_64 random{7};
  Pacer pacer{time.timers, 1000};
  Weather weather{time.timers, pacer, settings, random, registry};
  LinkContext context{.settings = settings,
                      .timers = time.timers,
                      .dialer = dialer,
                      .weather = weather,
                      .credentials = credentials,
                      .metrics = metrics,
                      .random = random};
  RecordingUser user;
  std::vector<std::unique_ptr<test::WireView>> views;
  OwnLink link{context, "dev", user};
};

}  // namespace spheregate::upstream
