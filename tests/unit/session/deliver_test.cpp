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
  static mqtt::Publish message(std::uint8_t qos) {
    return {.topic = "a/b", .payload = base::asBytes("x"), .packetId = 555, .qos = qos, .dup = false, .retain = false};
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

TEST_F(DeliverTest, givesItsOwnPacketIds) {
  online();
  EXPECT_TRUE(conversation.deliver(message(1), 41));
  EXPECT_EQ(view.sent, packet(message(1), 1));
  view.sent.clear();
  EXPECT_TRUE(conversation.deliver(message(0), 0));
  EXPECT_EQ(view.sent, packet(message(0), 0));
  view.sent.clear();
  EXPECT_TRUE(conversation.deliver(message(1), 42));
  EXPECT_EQ(view.sent, packet(message(1), 2));
}

TEST_F(DeliverTest, tellsWhichMessageHasArrivedOnce) {
  online();
  EXPECT_TRUE(conversation.deliver(message(1), 41));
  EXPECT_TRUE(conversation.deliver(message(1), 42));
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
  acknowledges(50);
  EXPECT_TRUE(conversation.deliver(message(1), 51));
}

TEST_F(DeliverTest, packetIdsWrapWithoutZero) {
  online();
  for (int n = 1; n <= 0xFFFF; ++n) {
    ASSERT_TRUE(conversation.deliver(message(1), 1));
    acknowledges(static_cast<mqtt::PacketId>(n));
  }
  view.sent.clear();
  EXPECT_TRUE(conversation.deliver(message(1), 2));
  EXPECT_EQ(view.sent, packet(message(1), 1));
}

TEST_F(DeliverTest, packetIdsOfUnacknowledgedMessagesAreNotUsedAgain) {
  online();
  ASSERT_TRUE(conversation.deliver(message(1), 1000));  // stays unacknowledged
  for (int n = 2; n <= 0xFFFF; ++n) {
    ASSERT_TRUE(conversation.deliver(message(1), 1));
    acknowledges(static_cast<mqtt::PacketId>(n));
  }
  view.sent.clear();
  EXPECT_TRUE(conversation.deliver(message(1), 2));
  EXPECT_EQ(view.sent, packet(message(1), 2));
}

TEST_F(DeliverTest, whatWasKeptComesAfterTheConnack) {
  host.greets = true;
  connect();
  Bytes expected;
  mqtt::appendConnack(expected, {.sessionPresent = true, .code = mqtt::ConnackCode::accepted});
  base::append(expected, packet(host.greeting, 1));
  EXPECT_EQ(view.sent, expected);
  acknowledges(1);
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
  base::append(expected, packet(host.greeting, 1));
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
