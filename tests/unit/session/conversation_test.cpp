#include "spheregate/session/conversation.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "spheregate/mqtt/encoder.hpp"
#include "unit/fakes.hpp"

namespace spheregate::session {
namespace {

using base::Bytes;
using std::chrono::milliseconds;
using std::chrono::seconds;

class ScriptedHost final : public Host {
 public:
  ConnectAnswer connecting(Conversation&, const mqtt::Connect& connect) override {
    clientIds.emplace_back(connect.clientId);
    return connectAnswer;
  }
  void listening(Conversation&) override { ++listenings; }
  PublishAnswer published(Conversation&, const mqtt::Publish& publish) override {
    if (publishAnswer.kind == PublishAnswer::Kind::hold) return publishAnswer;
    payloads.emplace_back(base::asText(publish.payload));
    PublishAnswer answer = publishAnswer;
    if (answer.kind == PublishAnswer::Kind::taken) answer.token = ++lastToken;
    return answer;
  }
  std::uint8_t subscribing(Conversation&, const mqtt::Filter& filter) override {
    filters.emplace_back(filter.filter);
    return filter.filter == "bad" ? 0x80 : std::min<std::uint8_t>(filter.qos, 1);
  }
  void unsubscribing(Conversation&, std::string_view filter) override { unsubscribed.emplace_back(filter); }
  void received(Conversation&, std::uint64_t token) override { receivedTokens.push_back(token); }
  void ended(Conversation&, Ending why, std::string_view, const StoredWill* stored) override {
    EXPECT_FALSE(ending) << "ended twice";
    ending = why;
    if (stored != nullptr) will = *stored;
  }

  ConnectAnswer connectAnswer{.code = mqtt::ConnackCode::accepted, .sessionPresent = false};
  PublishAnswer publishAnswer{.kind = PublishAnswer::Kind::taken};
  std::uint64_t lastToken = 0;
  std::vector<std::string> clientIds, payloads, filters, unsubscribed;
  std::vector<std::uint64_t> receivedTokens;
  int listenings = 0;
  std::optional<Ending> ending;
  std::optional<StoredWill> will;
};

class ConversationTest : public ::testing::Test {
 protected:
  ConversationTest() { open(); }

  void open() {
    view = {};
    host.ending.reset();
    conversation = std::make_unique<Conversation>(std::make_unique<test::ScriptedWire>(view), "dev", 1, settings, time.timers, host);
    conversation->start();
  }
  void says(const Bytes& bytes) { view.user->wireBytes(bytes); }
  // Everything sent since the last call.
  Bytes hears() {
    Bytes sent;
    sent.swap(view.sent);
    return sent;
  }
  static Bytes connect(std::uint16_t keepAlive = 60, bool withWill = false) {
    mqtt::Connect packet;
    packet.clientId = "dev";
    packet.cleanSession = false;
    packet.keepAliveSeconds = keepAlive;
    packet.username = "host/dev/?api-version=2021-04-12";
    if (withWill) packet.will = mqtt::Will{.topic = "devices/dev/messages/events/", .payload = base::asBytes("gone"), .qos = 1};
    Bytes out;
    mqtt::appendConnect(out, packet);
    return out;
  }
  static Bytes publish(mqtt::PacketId id, std::string_view payload, std::uint8_t qos = 1, bool dup = false) {
    Bytes out;
    mqtt::appendPublish(out, {.topic = "devices/dev/messages/events/",
                              .payload = base::asBytes(payload),
                              .packetId = id,
                              .qos = qos,
                              .dup = dup,
                              .retain = false});
    return out;
  }
  static Bytes connack(mqtt::ConnackCode code = mqtt::ConnackCode::accepted, bool present = false) {
    Bytes out;
    mqtt::appendConnack(out, {.sessionPresent = present, .code = code});
    return out;
  }
  static Bytes puback(std::initializer_list<mqtt::PacketId> ids) {
    Bytes out;
    for (const mqtt::PacketId id : ids) mqtt::appendPuback(out, id);
    return out;
  }
  static Bytes joined(std::initializer_list<Bytes> parts) {
    Bytes out;
    for (const Bytes& part : parts) base::append(out, part);
    return out;
  }
  void connected() {
    says(connect());
    ASSERT_EQ(hears(), connack());
  }

  test::ManualTime time;
  Settings settings;
  ScriptedHost host;
  test::WireView view;
  std::unique_ptr<Conversation> conversation;
};

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

TEST_F(ConversationTest, connectMustComeInTime) {
  time.pass(settings.connectTimeout - milliseconds{1});
  EXPECT_FALSE(view.closed);
  says({0x10});
  time.pass(milliseconds{1});
  EXPECT_TRUE(view.closed);
  EXPECT_EQ(host.ending, Ending::connectTimedOut);
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
