#include "unit/session/conversation_fixture.hpp"

namespace spheregate::session {
namespace {

using base::Bytes;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_F(ConversationTest, connectMustComeInTime) {
  time.pass(settings.connectTimeout - milliseconds{1});
  EXPECT_FALSE(view.closed);
  says({0x10});
  time.pass(milliseconds{1});
  EXPECT_TRUE(view.closed);
  EXPECT_EQ(host.ending, Ending::connectTimedOut);
}

TEST_F(ConversationTest, anotherVersionOfMqttIsToldSoAndClosed) {
  for (const std::uint8_t level : {std::uint8_t{3}, std::uint8_t{5}}) {
    open();
    Bytes out = connect();
    out[8] = level;
    says(out);
    EXPECT_EQ(hears(), (Bytes{0x20, 2, 0, 1})) << int{level};
    EXPECT_TRUE(view.closed);
    EXPECT_EQ(host.ending, Ending::protocolVersion);
  }
  EXPECT_TRUE(host.clientIds.empty());
}

TEST_F(ConversationTest, closesAfterOneAndAHalfKeepAlivesOfSilence) {
  says(connect(10));
  time.pass(seconds{14});
  says({0xC0, 0x00});
  time.pass(milliseconds{14'999});
  EXPECT_FALSE(view.closed);
  time.pass(milliseconds{1});
  EXPECT_TRUE(view.closed);
  EXPECT_EQ(host.ending, Ending::keepAliveExpired);
}

TEST_F(ConversationTest, keepAliveZeroFallsBackToTheHubsLimit) {
  says(connect(0));
  time.pass(settings.keepAliveMax - milliseconds{1});
  EXPECT_FALSE(view.closed);
  time.pass(milliseconds{1});
  EXPECT_TRUE(view.closed);
}

TEST_F(ConversationTest, silenceWhileWeDoNotReadIsNotTheDevicesFault) {
  says(connect(10));
  host.publishAnswer.kind = PublishAnswer::Kind::hold;
  says(publish(1, "a"));
  time.pass(seconds{100});
  EXPECT_FALSE(view.closed);
}

TEST_F(ConversationTest, silenceOfADeviceThatDoesNotReadIsItsOwn) {
  says(connect(10));
  view.stuck = base::Wire::kHighWater + 1;
  says(publish(1, "a"));
  ASSERT_TRUE(view.paused);
  time.pass(milliseconds{14'999});
  EXPECT_FALSE(view.closed);
  time.pass(milliseconds{1});
  EXPECT_TRUE(view.closed);
  EXPECT_EQ(host.ending, Ending::keepAliveExpired);
}

TEST_F(ConversationTest, silenceWhileTooMuchIsUnacknowledgedIsNotTheDevicesFault) {
  settings.unacknowledgedMax = 1;
  says(connect(10));
  says(publish(1, "a"));
  ASSERT_TRUE(view.paused);
  time.pass(seconds{100});
  EXPECT_FALSE(view.closed);
}

TEST_F(ConversationTest, aConnectMayHoldTheLargestWillButNotMore) {
  mqtt::Connect packet;
  const std::string payload(65'535, 'w');
  packet.clientId = "dev";
  packet.will = mqtt::Will{.topic = "devices/dev/messages/events/", .payload = base::asBytes(payload), .qos = 1};
  Bytes whole;
  mqtt::appendConnect(whole, packet);
  says(whole);
  EXPECT_EQ(hears(), connack());

  open();
  says({0x10, 0x80, 0x80, 0x05});  // says that 80 KiB will follow
  EXPECT_TRUE(view.closed);
  EXPECT_EQ(host.ending, Ending::protocolError);
}

TEST_F(ConversationTest, publishesTheWillUnlessTheDeviceSaysDisconnect) {
  says(connect(60, true));
  view.user->wireClosed("reset");
  EXPECT_EQ(host.ending, Ending::lost);
  ASSERT_TRUE(host.will);
  EXPECT_EQ(base::asText(host.will->payload), "gone");

  host = {};
  open();
  says(joined({connect(60, true), {0xE0, 0x00}}));
  EXPECT_EQ(host.ending, Ending::disconnected);
  EXPECT_FALSE(host.will);

  host = {};
  open();
  says(connect(60, true));
  conversation->end(Ending::shutDown, "stop");
  EXPECT_FALSE(host.will) << "a gateway that stops is no sign that its devices died";
}

TEST_F(ConversationTest, qos0NeedsNoAcknowledgement) {
  connected();
  says(publish(0, "a", 0));
  EXPECT_EQ(host.payloads.size(), 1u);
  conversation->acknowledgeThrough(1);
  EXPECT_EQ(hears(), Bytes{});
}

TEST_F(ConversationTest, aDeviceWaitingForConnackHearsThatWeStop) {
  conversation->end(Ending::shutDown, "stop");
  EXPECT_EQ(hears(), connack(mqtt::ConnackCode::unavailable));
  EXPECT_TRUE(view.closed);
}

}  // namespace
}  // namespace spheregate::session
