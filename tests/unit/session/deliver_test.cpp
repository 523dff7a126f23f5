#include <gtest/gtest.h>

#include <memory>
#include <vector>

#include "spheregate/mqtt/encoder.hpp"
#include "spheregate/session/conversation.hpp"
#include "unit/fakes.hpp"

// What the gateway sends to a device.
namespace spheregate::session {
namespace {

using base::Bytes;

class ListeningHost final : public Host {
 public:
  ConnectAnswer connecting(Conversation& conversation, const mqtt::Connect&) override {
    EXPECT_FALSE(conversation.deliver(greeting, 7)) << "nothing comes before the CONNACK";
    return {.code = mqtt::ConnackCode::accepted, .sessionPresent = true};
  }
  void listening(Conversation& conversation) override {
    if (greets) {
      EXPECT_TRUE(conversation.deliver(greeting, 7));
    }
    if (endsAtOnce) conversation.end(Ending::shutDown, "stop");
  }
  PublishAnswer published(Conversation&, const mqtt::Publish&) override {
    ++publishes;
    return {.kind = PublishAnswer::Kind::acknowledge};
  }
  std::uint8_t subscribing(Conversation&, const mqtt::Filter&) override { return 0; }
  void unsubscribing(Conversation&, std::string_view) override {}
  void received(Conversation&, std::uint64_t token) override { tokens.push_back(token); }
  void ended(Conversation&, Ending, std::string_view, const StoredWill*) override {}

  mqtt::Publish greeting{.topic = "t", .payload = base::asBytes("kept"), .packetId = 0, .qos = 1, .dup = true, .retain = false};
  bool greets = false;
  bool endsAtOnce = false;
  int publishes = 0;
  std::vector<std::uint64_t> tokens;
};

class DeliverTest : public ::testing::Test {
 protected:
  DeliverTest() { conversation.start(); }

  void connect() {
    Bytes out;
    mqtt::Connect packet;
    packet.clientId = "dev";
    mqtt::appendConnect(out, packet);
    view.user->wireBytes(out);
  }
  void online() {
    connect();
    view.sent.clear();
  }
  void acknowledges(mqtt::PacketId id) {
    Bytes out;
    mqtt::appendPuback(out, id);
    view.user->wireBytes(out);
  }
  static mqtt::Publish message(std::uint8_t qos, mqtt::PacketId id = 0) {
    return {.topic = "a/b", .payload = base::asBytes("x"), .packetId = id, .qos = qos, .dup = false, .retain = false};
  }
  static Bytes packet(mqtt::Publish publish, mqtt::PacketId id) {
    publish.packetId = id;
    Bytes out;
    mqtt::appendPublish(out, publish);
    return out;
  }

  test::ManualTime time;
  Settings settings;
  ListeningHost host;
  test::WireView view;
  Conversation conversation{std::make_unique<test::ScriptedWire>(view), "dev", 1, settings, time.timers, host};
};

TEST_F(DeliverTest, packetIdsAreTheHosts) {
  online();
  EXPECT_TRUE(conversation.deliver(message(1, 555), 41));
  EXPECT_EQ(view.sent, packet(message(1), 555));
  view.sent.clear();
  EXPECT_TRUE(conversation.deliver(message(0, 555), 0));
  EXPECT_EQ(view.sent, packet(message(0), 0));
  view.sent.clear();
  acknowledges(555);
  EXPECT_TRUE(conversation.deliver(message(1, 555), 42));
  EXPECT_EQ(view.sent, packet(message(1), 555));
}

TEST_F(DeliverTest, givesItsOwnPacketIdsWhereTheHostsAreNotFree) {
  online();
  EXPECT_TRUE(conversation.deliver(message(1), 41));
  EXPECT_EQ(view.sent, packet(message(1), 0x8000));
  EXPECT_TRUE(conversation.deliver(message(1, 7), 42));
  view.sent.clear();
  EXPECT_TRUE(conversation.deliver(message(1, 7), 43));
  EXPECT_EQ(view.sent, packet(message(1), 0x8001));
  acknowledges(0x8001);
  acknowledges(7);
  EXPECT_EQ(host.tokens, (std::vector<std::uint64_t>{43, 42}));
}

TEST_F(DeliverTest, tellsWhichMessageHasArrivedOnce) {
  online();
  EXPECT_TRUE(conversation.deliver(message(1, 1), 41));
  EXPECT_TRUE(conversation.deliver(message(1, 2), 42));
  acknowledges(2);
  acknowledges(9);
  acknowledges(1);
  acknowledges(1);
  EXPECT_EQ(host.tokens, (std::vector<std::uint64_t>{42, 41}));
  EXPECT_FALSE(view.closed);
}

TEST_F(DeliverTest, isBusyWhileTheDeviceDoesNotTakeWhatItGets) {
  online();
  view.stuck = base::Wire::kHighWater + 1;
  EXPECT_FALSE(conversation.deliver(message(1), 1));
  EXPECT_FALSE(conversation.deliver(message(0), 2));
  EXPECT_EQ(view.sent, Bytes{});
  view.stuck = 0;
  for (std::uint64_t token = 1; token <= 50; ++token) EXPECT_TRUE(conversation.deliver(message(1), token));
  EXPECT_FALSE(conversation.deliver(message(1), 51)) << "too many unacknowledged";
  acknowledges(0x8000 + 49);
  EXPECT_TRUE(conversation.deliver(message(1), 51));
}

TEST_F(DeliverTest, ownPacketIdsWrapWithinTheirHalf) {
  online();
  for (int n = 0x8000; n <= 0xFFFF; ++n) {
    ASSERT_TRUE(conversation.deliver(message(1), 1));
    acknowledges(static_cast<mqtt::PacketId>(n));
  }
  view.sent.clear();
  EXPECT_TRUE(conversation.deliver(message(1), 2));
  EXPECT_EQ(view.sent, packet(message(1), 0x8000));
}

TEST_F(DeliverTest, packetIdsOfUnacknowledgedMessagesAreNotUsedAgain) {
  online();
  ASSERT_TRUE(conversation.deliver(message(1), 1000));  // stays unacknowledged
  for (int n = 0x8001; n <= 0xFFFF; ++n) {
    ASSERT_TRUE(conversation.deliver(message(1), 1));
    acknowledges(static_cast<mqtt::PacketId>(n));
  }
  view.sent.clear();
  EXPECT_TRUE(conversation.deliver(message(1), 2));
  EXPECT_EQ(view.sent, packet(message(1), 0x8001));
}

TEST_F(DeliverTest, whatWasKeptComesAfterTheConnack) {
  host.greets = true;
  connect();
  Bytes expected;
  mqtt::appendConnack(expected, {.sessionPresent = true, .code = mqtt::ConnackCode::accepted});
  base::append(expected, packet(host.greeting, 0x8000));
  EXPECT_EQ(view.sent, expected);
  acknowledges(0x8000);
  EXPECT_EQ(host.tokens, (std::vector<std::uint64_t>{7}));
}

TEST_F(DeliverTest, whatWasKeptComesAfterTheSuback) {
  online();
  host.greets = true;
  Bytes subscribe;
  mqtt::appendSubscribe(subscribe, {.packetId = 3, .filters = {{.filter = "t", .qos = 0}}});
  view.user->wireBytes(subscribe);
  Bytes expected;
  mqtt::appendSuback(expected, {.packetId = 3, .codes = {0}});
  base::append(expected, packet(host.greeting, 0x8000));
  EXPECT_EQ(view.sent, expected);
}

TEST_F(DeliverTest, anEndRightAfterTheConnackStopsTheRest) {
  host.endsAtOnce = true;
  Bytes out;
  mqtt::Connect connect;
  connect.clientId = "dev";
  mqtt::appendConnect(out, connect);
  base::append(out, packet(message(1), 3));
  view.user->wireBytes(out);
  EXPECT_TRUE(view.closed);
  EXPECT_EQ(host.publishes, 0);
  EXPECT_FALSE(conversation.deliver(message(0), 1));
}

}  // namespace
}  // namespace spheregate::session
