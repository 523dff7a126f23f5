#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "site.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

using namespace std::chrono_literals;

base::Bytes packet(void (*append)(base::Bytes&)) {
  base::Bytes out;
  append(out);
  return out;
}

TEST(Conversation, acknowledgesAndRecordsTelemetryInTheOrderOfArrival) {
  Site site;
  const auto wire = site.online("pump");
  wire->hears();
  wire->says(telemetry("pump", 7, "one") + telemetry("pump", 8, "two") +
             publishPacket("devices/pump/messages/events", "three", 0, 0));
  EXPECT_EQ(wire->hears(), "PUBACK(7) PUBACK(8)");
  const auto messages = nlohmann::json::parse(site.hub.archive().json({}, 0, 100));
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0]["payload"], "b25l");
  EXPECT_EQ(messages[0]["topic"], "devices/pump/messages/events/");
  EXPECT_EQ(messages[0]["acknowledged"], true);
  EXPECT_EQ(messages[1]["index"], 1);
  EXPECT_EQ(messages[2]["topic"], "devices/pump/messages/events");
  EXPECT_EQ(messages[2]["qos"], 0);
  EXPECT_EQ(messages[2]["acknowledged"], false);
}

TEST(Conversation, answersManyPacketsOfOneReadWithOneWrite) {
  Site site;
  const auto wire = site.online("pump");
  base::Bytes many;
  for (mqtt::PacketId id = 1; id <= 50; ++id) base::append(many, telemetry("pump", id));
  const int before = wire->flushes;
  wire->says(many);
  EXPECT_EQ(wire->flushes, before + 1);
  EXPECT_EQ(site.hub.statistics().pubacks, 50u);
}

TEST(Conversation, takesPacketsSplitAtEveryByte) {
  Site site;
  const auto wire = site.dial();
  const base::Bytes all =
      connectPacket("pump", {.username = {}, .password = site.token("hub.test", Site::kGatewayKey, "gateway"), .will = {}}) +
      telemetry("pump", 1, "a", "k=v") + telemetry("pump", 2, "b");
  for (const std::uint8_t byte : all) wire->says({byte});
  EXPECT_EQ(wire->hears(), "CONNACK(0) PUBACK(1) PUBACK(2)");
}

TEST(Conversation, recordsPropertiesDecodedAndInOrder) {
  Site site;
  const auto wire = site.online("pump");
  wire->says(telemetry("pump", 1, "", "b=%C3%A4%20%26&a=&n&a=2&%24.ct=application%2Fjson"));
  wire->says(telemetry("pump", 2, "", "bytes=%FF"));
  const auto messages = nlohmann::json::parse(site.hub.archive().json({}, 0, 100));
  const auto expected = nlohmann::json::parse(R"([["b","ä &"],["a",""],["n",null],["a","2"],["$.ct","application/json"]])");
  EXPECT_EQ(messages[0]["properties"], expected);
  EXPECT_EQ(messages[1]["properties"][0][1], "\uFFFD");
}

TEST(Conversation, recordsDuplicatesAndCountsThem) {
  Site site;
  const auto wire = site.online("pump");
  wire->says(telemetry("pump", 1));
  wire->says(publishPacket("devices/pump/messages/events/", "x", 1, 1, true));
  const auto messages = nlohmann::json::parse(site.hub.archive().json("pump", 0, 100));
  EXPECT_EQ(messages[0]["dup"], false);
  EXPECT_EQ(messages[1]["dup"], true);
  EXPECT_EQ(site.hub.statistics().duplicates, 1u);
}

TEST(Conversation, closesTheFormerConnectionOfADeviceWithoutAPacket) {
  Site site;
  const auto first = site.online("pump");
  const auto other = site.online("valve");
  first->hears();
  const auto second = site.online("pump");
  EXPECT_TRUE(first->closed);
  EXPECT_EQ(first->hears(), "");
  EXPECT_FALSE(other->closed);
  EXPECT_EQ(second->hears(), "CONNACK(0)");
  EXPECT_EQ(site.hub.statistics().takeovers, 1u);
  EXPECT_EQ(site.hub.connected(), 2u);
  // The end of the first must not take the second off the books.
  site.pass(1ms);
  EXPECT_EQ(site.hub.drop("pump", "dropped"), 1u);
  EXPECT_TRUE(second->closed);
}

TEST(Conversation, closesOnWhatIotHubDoesNotTake) {
  const struct {
    const char* reason;
    base::Bytes packets;
  } cases[] = {
      {"second_connect", connectPacket("pump", {.username = {}, .password = "x", .will = {}})},
      {"qos2", publishPacket("devices/pump/messages/events/", "x", 1, 2)},
      {"foreign_topic", telemetry("valve", 1)},
      {"unknown_topic", publishPacket("plant/line1", "x", 1)},
      {"unknown_topic", publishPacket("devices/pump/modules/m/messages/events/", "x", 1)},
      {"broken_bag", telemetry("pump", 1, "x", "a=%zz")},
      {"too_large", telemetry("pump", 1, std::string(256 * 1024 + 1, 'x'))},
      {"malformed", {0x30, 0xff, 0xff, 0xff, 0xff, 0x01}},
      {"malformed", {0xf0, 0x00}},
      {"too_large", {0x30, 0xff, 0xff, 0xff, 0x7f}},
      {"unexpected_packet", {0x40, 0x02, 0x00, 0x01}},
  };
  for (const auto& item : cases) {
    Site site;
    const auto wire = site.online("pump");
    wire->hears();
    wire->says(item.packets);
    EXPECT_TRUE(wire->closed) << item.reason;
    EXPECT_EQ(wire->hears(), "") << item.reason;
    EXPECT_EQ(site.closes(item.reason), 1u) << item.reason;
    EXPECT_EQ(site.hub.statistics().messages, 0u) << item.reason;
  }
}

TEST(Conversation, takesAMessageOfExactlyTheLimit) {
  Site site;
  const auto wire = site.online("pump");
  wire->hears();
  wire->says(telemetry("pump", 1, std::string(256 * 1024, 'x')));
  EXPECT_EQ(wire->hears(), "PUBACK(1)");
  // Escapes do not count, decoded names and values do.
  wire->says(telemetry("pump", 2, std::string(256 * 1024 - 2, 'x'), "a=%41"));
  EXPECT_EQ(wire->hears(), "PUBACK(2)");
  wire->says(telemetry("pump", 3, std::string(256 * 1024 - 2, 'x'), "a=%41&b"));
  EXPECT_TRUE(wire->closed);
}

TEST(Conversation, wantsAConnectFirstAndSoon) {
  Site site;
  const auto early = site.dial();
  early->says(telemetry("pump", 1));
  EXPECT_TRUE(early->closed);
  EXPECT_EQ(site.closes("connect_missing"), 1u);
  const auto silent = site.dial();
  site.pass(29s);
  EXPECT_FALSE(silent->closed);
  site.pass(1s);
  EXPECT_TRUE(silent->closed);
}

TEST(Conversation, answersAnotherProtocolLevelWithConnackOne) {
  Site site;
  const auto wire = site.dial();
  base::Bytes connect = connectPacket("pump", {.username = {}, .password = "x", .will = {}});
  const auto name = std::search(connect.begin(), connect.end(), std::begin("MQTT"), std::begin("MQTT") + 4);
  *(name + 4) = 5;
  wire->says(connect);
  EXPECT_EQ(wire->hears(), "CONNACK(1)");
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(site.refused("bad_protocol_level"), 1u);
}

TEST(Conversation, grantsKnownFiltersAtMostQosOne) {
  Site site;
  const auto wire = site.online("pump");
  wire->hears();
  base::Bytes packets;
  mqtt::appendSubscribe(packets, {5,
                                  {{"devices/pump/messages/devicebound/#", 2},
                                   {"$iothub/methods/POST/#", 0},
                                   {"$iothub/twin/res/#", 1},
                                   {"devices/valve/messages/devicebound/#", 1},
                                   {"#", 1}}});
  mqtt::appendUnsubscribe(packets, {6, {"nothing/of/the/kind"}});
  wire->says(packets);
  EXPECT_EQ(wire->hears(), "SUBACK(5:1:0:1:128:128) UNSUBACK(6)");
}

TEST(Conversation, remembersTheCloudToDeviceSubscriptionOfAnUncleanSession) {
  Site site;
  const auto first = site.online("pump", 0, false);
  base::Bytes subscribe;
  mqtt::appendSubscribe(subscribe, {1, {{"devices/pump/messages/devicebound/#", 1}}});
  first->says(subscribe);
  EXPECT_EQ(first->hears(), "CONNACK(0) SUBACK(1:1)");
  EXPECT_EQ(site.online("pump", 0, false)->hears(), "CONNACK(0,present)");
  EXPECT_EQ(site.online("pump", 0, true)->hears(), "CONNACK(0)");
  EXPECT_EQ(site.online("pump", 0, false)->hears(), "CONNACK(0)");
}

TEST(Conversation, acknowledgesTwinAndMethodPublishesWithoutTakingThemForTelemetry) {
  Site site;
  const auto wire = site.online("pump");
  wire->hears();
  wire->says(publishPacket("$iothub/twin/GET/?$rid=1", "", 3) + publishPacket("$iothub/methods/res/200/?$rid=1", "", 0, 0));
  EXPECT_EQ(wire->hears(), "PUBACK(3)");
  EXPECT_EQ(site.hub.statistics().messages, 0u);
  EXPECT_EQ(site.hub.statistics().withoutEffect, 2u);
}

TEST(Conversation, closesASilentConnectionAfterOneAndAHalfKeepAlives) {
  Site site;
  const auto wire = site.online("pump", 10);
  site.pass(14s);
  wire->says(packet(mqtt::appendPingreq));
  EXPECT_EQ(wire->hears(), "CONNACK(0) PINGRESP");
  site.pass(14999ms);
  EXPECT_FALSE(wire->closed);
  site.pass(1ms);
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(site.closes("keep_alive"), 1u);
}

TEST(Conversation, waitsNoLongerThanIotHubForAClientWithoutKeepAlive) {
  Site site;
  const auto wire = site.online("pump", 0);
  site.pass(1766s);
  EXPECT_FALSE(wire->closed);
  site.pass(1s);
  EXPECT_TRUE(wire->closed);
}

TEST(Conversation, endsWithItsToken) {
  Site site;
  const auto wire = site.dial();
  wire->says(
      connectPacket("pump", {.username = {}, .password = site.token("hub.test", Site::kGatewayKey, "gateway", 60), .will = {}}));
  site.pass(59s);
  EXPECT_FALSE(wire->closed);
  site.pass(1s);
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(site.closes("token_expired"), 1u);
}

TEST(Conversation, publishesTheWillOfALostConnectionOnly) {
  const std::string topic = "devices/pump/messages/events/reason=lost";
  Site site;
  const auto connect = [&] {
    auto wire = site.dial();
    wire->says(connectPacket("pump", {.username = {},
                                      .password = site.token("hub.test", Site::kGatewayKey, "gateway"),
                                      .will = mqtt::Will{topic, base::asBytes("gone"), 1, false}}));
    return wire;
  };
  connect()->says(packet(mqtt::appendDisconnect));
  EXPECT_EQ(site.hub.statistics().messages, 0u);
  connect()->hangsUp();
  const auto messages = nlohmann::json::parse(site.hub.archive().json({}, 0, 100));
  ASSERT_EQ(messages.size(), 1u);
  const auto expected = nlohmann::json::parse(R"([["reason","lost"],["iothub-MessageType","Will"]])");
  EXPECT_EQ(messages[0]["properties"], expected);
}

TEST(Conversation, refusesAWillForAnotherTopic) {
  Site site;
  const auto wire = site.dial();
  wire->says(connectPacket("pump", {.username = {},
                                    .password = site.token("hub.test", Site::kGatewayKey, "gateway"),
                                    .will = mqtt::Will{"devices/valve/messages/events/", {}, 0, false}}));
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(wire->hears(), "");
  EXPECT_EQ(site.hub.statistics().messages, 0u);
}

TEST(Conversation, stopsReadingWhileThePeerTakesNoAnswers) {
  Site site;
  const auto wire = site.online("pump");
  wire->stuckBytes = base::Wire::kHighWater + 1;
  wire->says(telemetry("pump", 1));
  EXPECT_TRUE(wire->paused);
  wire->stuckBytes = 0;
  wire->says(telemetry("pump", 2));
  EXPECT_FALSE(wire->paused);
}

}  // namespace
}  // namespace spheregate::hubsim
