#include "unit/session/conversation_fixture.hpp"

namespace spheregate::session {
namespace {

using base::Bytes;

TEST_F(ConversationTest, understandsPacketsSplitAtEveryByte) {
  Bytes subscribe;
  mqtt::appendSubscribe(subscribe, {.packetId = 9, .filters = {{.filter = "a/#", .qos = 1}}});
  const Bytes script = joined({connect(), publish(1, "one"), publish(2, "two"), subscribe});
  for (std::size_t cut = 0; cut <= script.size(); ++cut) {
    host = {};
    open();
    says(Bytes(script.begin(), script.begin() + static_cast<std::ptrdiff_t>(cut)));
    says(Bytes(script.begin() + static_cast<std::ptrdiff_t>(cut), script.end()));
    EXPECT_EQ(host.payloads, (std::vector<std::string>{"one", "two"})) << "cut at " << cut;
    EXPECT_EQ(host.filters, (std::vector<std::string>{"a/#"})) << "cut at " << cut;
    EXPECT_FALSE(view.closed);
  }
}

TEST_F(ConversationTest, understandsOneByteAtATime) {
  for (const std::uint8_t byte : joined({connect(), publish(1, "one"), publish(2, "two")})) says({byte});
  EXPECT_EQ(host.payloads, (std::vector<std::string>{"one", "two"}));
}

TEST_F(ConversationTest, acknowledgesOnlyWhatIsSafeAndInOrder) {
  connected();
  says(joined({publish(7, "a"), publish(5, "b"), publish(9, "c")}));
  EXPECT_EQ(hears(), Bytes{});
  conversation->acknowledgeThrough(2);
  EXPECT_EQ(hears(), puback({7, 5}));
  conversation->acknowledgeThrough(2);
  EXPECT_EQ(hears(), Bytes{});
  conversation->acknowledgeThrough(3);
  EXPECT_EQ(hears(), puback({9}));
}

TEST_F(ConversationTest, anAcknowledgementThatNeedsNoWaitStillWaitsForThoseBefore) {
  connected();
  says(publish(1, "stored"));
  host.publishAnswer.kind = PublishAnswer::Kind::acknowledge;
  says(publish(2, "dropped"));
  EXPECT_EQ(hears(), Bytes{});
  conversation->acknowledgeThrough(1);
  EXPECT_EQ(hears(), puback({1, 2}));
  says(publish(3, "dropped"));
  EXPECT_EQ(hears(), puback({3}));
}

TEST_F(ConversationTest, ignoresARetransmissionOfWhatItHolds) {
  connected();
  says(publish(1, "a"));
  says(publish(1, "a", 1, true));
  EXPECT_EQ(host.payloads.size(), 1u);
  conversation->acknowledgeThrough(1);
  EXPECT_EQ(hears(), puback({1}));
  // After the PUBACK the id is free again, so the same bytes are another message.
  says(publish(1, "a", 1, true));
  EXPECT_EQ(host.payloads.size(), 2u);
}

TEST_F(ConversationTest, holdsWithoutLosingWhenThereIsNoRoom) {
  connected();
  host.publishAnswer.kind = PublishAnswer::Kind::hold;
  says(joined({publish(1, "a"), publish(2, "b")}));
  EXPECT_TRUE(view.paused);
  EXPECT_TRUE(host.payloads.empty());
  host.publishAnswer.kind = PublishAnswer::Kind::taken;
  conversation->resume();
  EXPECT_FALSE(view.paused);
  EXPECT_EQ(host.payloads, (std::vector<std::string>{"a", "b"}));
}

TEST_F(ConversationTest, stopsReadingWhenTooMuchIsUnacknowledged) {
  settings.unacknowledgedMax = 2;
  connected();
  says(joined({publish(1, "a"), publish(2, "b"), publish(3, "c")}));
  EXPECT_TRUE(view.paused);
  EXPECT_EQ(host.payloads.size(), 2u);
  conversation->acknowledgeThrough(1);
  EXPECT_EQ(host.payloads.size(), 3u);
  EXPECT_TRUE(view.paused);
  conversation->acknowledgeThrough(3);
  EXPECT_FALSE(view.paused);
}

TEST_F(ConversationTest, stopsReadingWhenTheDeviceDoesNotTakeWhatItIsSent) {
  connected();
  view.stuck = base::Wire::kHighWater + 1;
  says(joined({publish(1, "a"), publish(2, "b")}));
  EXPECT_TRUE(view.paused);
  view.stuck = 0;
  view.user->wireDrained();
  EXPECT_FALSE(view.paused);
  EXPECT_EQ(host.payloads.size(), 2u);
}

TEST_F(ConversationTest, closesOnProtocolViolations) {
  const Bytes pingreq{0xC0, 0x00};
  const Bytes pubrec{0x50, 0x02, 0x00, 0x01};
  const std::vector<std::pair<const char*, Bytes>> after{{"second CONNECT", connect()},
                                                         {"QoS 2", publish(1, "x", 2)},
                                                         {"PUBREC", pubrec},
                                                         {"malformed length", {0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x01}},
                                                         {"type 0", {0x00, 0x00}},
                                                         {"oversize", {0x30, 0xFF, 0xFF, 0xFF, 0x7F}}};
  for (const auto& [name, bytes] : after) {
    open();
    connected();
    says(bytes);
    EXPECT_TRUE(view.closed) << name;
    EXPECT_EQ(host.ending, Ending::protocolError) << name;
  }
  open();
  says(pingreq);
  EXPECT_TRUE(view.closed) << "first packet not CONNECT";
  EXPECT_EQ(hears(), Bytes{}) << "nothing is said to a peer that is not an MQTT client";
}

TEST_F(ConversationTest, refusesWithTheCodeAndCloses) {
  host.connectAnswer.code = mqtt::ConnackCode::notAuthorized;
  says(joined({connect(), publish(1, "x")}));
  EXPECT_EQ(hears(), connack(mqtt::ConnackCode::notAuthorized));
  EXPECT_TRUE(view.closed);
  EXPECT_EQ(host.ending, Ending::refused);
  EXPECT_TRUE(host.payloads.empty()) << "nothing after a refused CONNECT is looked at";
  EXPECT_EQ(host.listenings, 0);
}

TEST_F(ConversationTest, saysSessionPresentOnlyWhenAccepted) {
  host.connectAnswer.sessionPresent = true;
  says(connect());
  EXPECT_EQ(hears(), connack(mqtt::ConnackCode::accepted, true));
}

TEST_F(ConversationTest, grantsEveryFilterInOrder) {
  connected();
  Bytes subscribe;
  mqtt::appendSubscribe(subscribe, {.packetId = 3, .filters = {{"a/#", 2}, {"bad", 1}, {"b", 0}}});
  says(subscribe);
  Bytes suback;
  mqtt::appendSuback(suback, {.packetId = 3, .codes = {1, 0x80, 0}});
  EXPECT_EQ(hears(), suback);
}

TEST_F(ConversationTest, answersUnsubscribeAndPing) {
  connected();
  Bytes unsubscribe;
  mqtt::appendUnsubscribe(unsubscribe, {.packetId = 4, .filters = {"a/#", "unknown"}});
  says(joined({unsubscribe, {0xC0, 0x00}}));
  Bytes expected;
  mqtt::appendUnsuback(expected, 4);
  mqtt::appendPingresp(expected);
  EXPECT_EQ(hears(), expected);
  EXPECT_EQ(host.unsubscribed.size(), 2u);
}

}  // namespace
}  // namespace spheregate::session
