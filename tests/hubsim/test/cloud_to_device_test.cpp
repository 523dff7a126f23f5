#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "site.hpp"

namespace spheregate::hubsim {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

const std::string kFilter = "devices/pump/messages/devicebound/#";
const std::string kTopic = "devices/pump/messages/devicebound/%24.to=%2Fdevices%2Fpump%2Fmessages%2Fdevicebound";

int send(Site& site, const std::string& body, HttpRequest::Headers headers = {}) {
  return site.ask("POST", "/devices/pump/messages/deviceBound?api-version=2021-04-12", body, std::move(headers)).status;
}

Json queue(Site& site) { return Json::parse(site.ask("GET", "/c2d?device=pump").json); }

std::string deliveries(const Json& ended) {
  std::string text;
  for (const Json& one : ended)
    text += one["outcome"].get<std::string>() + ":" + std::to_string(one["deliveries"].get<int>()) + " ";
  return text;
}

TEST(CloudToDevice, deliversWhatWaitedAndWhatComesAndCompletesAtThePuback) {
  Site site;
  EXPECT_EQ(send(site, "one"), 204);
  const auto wire = site.online("pump");
  EXPECT_EQ(wire->hears(), "CONNACK(0)");
  wire->says(subscribePacket({kFilter}));
  EXPECT_EQ(wire->hears(), "SUBACK(1:1) PUBLISH(" + kTopic + " q1 #1 one)");
  EXPECT_EQ(send(site, "two"), 204);
  EXPECT_EQ(wire->hears(), "PUBLISH(" + kTopic + " q1 #2 two)");
  EXPECT_EQ(queue(site)["queue"][1]["state"], "locked");
  wire->says(pubackPacket(2) + pubackPacket(1));
  EXPECT_FALSE(wire->closed);
  EXPECT_EQ(queue(site)["queue"], Json::array());
  EXPECT_EQ(queue(site)["ended"][0]["sequence"], 2);
  EXPECT_EQ(deliveries(queue(site)["ended"]), "completed:1 completed:1 ");
}

TEST(CloudToDevice, writesTheBagAsTheHubDoes) {
  Site site;
  const auto wire = site.listening("pump", {kFilter}, 0);
  send(site, "",
       {{"IoTHub-MessageId", "m 1"},
        {"iothub-ack", "full"},
        {"iothub-expiry", "2023-11-15T00:00:00Z"},
        {"iothub-contenttype", "application/json"},
        {"iothub-app-Unit", "°C"},
        {"iothub-app-empty", ""}});
  EXPECT_EQ(wire->hears(),
            "PUBLISH(devices/pump/messages/devicebound/%24.mid=m%201&%24.to=%2Fdevices%2Fpump%2Fmessages%2Fdevicebound"
            "&%24.exp=2023-11-15T00%3A00%3A00.0000000Z&%24.ct=application%2Fjson&iothub-ack=full&Unit=%C2%B0C&empty=)");
  // QoS 0: handed over is done.
  EXPECT_EQ(queue(site)["ended"][0]["message_id"], "m 1");
}

TEST(CloudToDevice, deliversAgainAfterADisconnectWithDupAndTheSamePacketId) {
  Site site;
  auto wire = site.listening("pump", {kFilter});
  send(site, "x");
  wire->hangsUp();
  EXPECT_EQ(queue(site)["queue"][0]["state"], "queued");
  wire = site.online("pump");
  wire->says(subscribePacket({kFilter}));
  EXPECT_EQ(wire->hears(), "CONNACK(0) SUBACK(1:1) PUBLISH(" + kTopic + " q1 #1 dup x)");
  wire->says(pubackPacket(1));
  EXPECT_EQ(deliveries(queue(site)["ended"]), "completed:2 ");
}

TEST(CloudToDevice, needsNoSubscriptionInASessionThatKeptIt) {
  Site site;
  site.listening("pump", {kFilter}, 1, false)->hangsUp();
  send(site, "x");
  const auto wire = site.online("pump", 0, false);
  EXPECT_EQ(wire->hears(), "CONNACK(0,present) PUBLISH(" + kTopic + " q1 #1 x)");
  wire->says(unsubscribePacket(kFilter));
  EXPECT_EQ(wire->hears(), "UNSUBACK(2)");
  EXPECT_EQ(site.online("pump", 0, false)->hears(), "CONNACK(0)");
  EXPECT_EQ(queue(site)["queue"].size(), 1u);
}

TEST(CloudToDevice, deliversAgainWhenTheLockRunsOutAndGivesUpInTheEnd) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"cloud_lock_seconds":10,"cloud_deliveries_max":3})"));
  const auto wire = site.listening("pump", {kFilter});
  send(site, "x");
  wire->hears();
  site.pass(9999ms);
  EXPECT_EQ(wire->hears(), "");
  site.pass(1ms);
  EXPECT_EQ(wire->hears(), "PUBLISH(" + kTopic + " q1 #1 dup x)");
  site.pass(10s);
  wire->hears();
  site.pass(10s);
  EXPECT_EQ(wire->hears(), "");
  EXPECT_EQ(deliveries(queue(site)["ended"]), "dead_lettered:3 ");
  // Late, but of a message that was sent here: no reason to close.
  wire->says(pubackPacket(1));
  EXPECT_FALSE(wire->closed);
  wire->says(pubackPacket(2));
  EXPECT_TRUE(wire->closed);
}

TEST(CloudToDevice, keepsTheLockAcrossConnectionsWhenToldSo) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"cloud_return_at_disconnect":false})"));
  site.listening("pump", {kFilter});
  send(site, "x");
  const auto wire = site.listening("pump", {kFilter});
  site.pass(59s);
  EXPECT_EQ(wire->hears(), "");
  site.pass(1s);
  EXPECT_EQ(wire->hears(), "PUBLISH(" + kTopic + " q1 #1 dup x)");
}

TEST(CloudToDevice, deadLettersAtTheLastDisconnectWhileItDelivers) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"cloud_deliveries_max":1})"));
  for (int i = 0; i < 3; ++i) send(site, "x");
  const auto wire = site.online("pump");
  wire->stuckBytes = 9 * 1024 * 1024;  // takes nothing: closed at the first message
  wire->says(subscribePacket({kFilter}));
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(site.closes("unread"), 1u);
  EXPECT_EQ(deliveries(queue(site)["ended"]), "dead_lettered:1 ");
  EXPECT_EQ(queue(site)["queue"].size(), 2u);
}

TEST(CloudToDevice, expiresWhatWaitedTooLong) {
  Site site;
  send(site, "hour");
  send(site, "past", {{"iothub-expiry", "2001-01-01T00:00:00Z"}});
  send(site, "soon", {{"iothub-expiry", "2023-11-14T22:13:30.5Z"}});  // the clock stands at 22:13:20
  send(site, "far", {{"iothub-expiry", "9999-01-01T00:00:00Z"}});
  site.pass(10s);
  EXPECT_EQ(deliveries(queue(site)["ended"]), "expired:0 expired:0 ");
  site.pass(3590s);
  EXPECT_EQ(queue(site)["queue"].size(), 1u);
  site.pass(48h);
  EXPECT_EQ(queue(site)["queue"].size(), 0u);
}

TEST(CloudToDevice, holdsFiftyMessagesADevice) {
  Site site;
  for (int i = 0; i < 50; ++i) EXPECT_EQ(send(site, "x"), 204);
  const HttpAnswer answer = site.ask("POST", "/devices/pump/messages/deviceBound", "x");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(Json::parse(answer.json)["errorCode"], 403004);
  EXPECT_EQ(site.ask("POST", "/devices/valve/messages/deviceBound", "x").status, 204);
  EXPECT_EQ(Json::parse(site.ask("DELETE", "/devices/pump/commands").json)["totalMessagesPurged"], 50);
  EXPECT_EQ(send(site, "x"), 204);
}

TEST(CloudToDevice, refusesWhatDoesNotFit) {
  Site site;
  EXPECT_EQ(send(site, std::string(65536, 'x')), 413);
  EXPECT_EQ(send(site, "", {{"iothub-app-a", std::string(30'000, '%')}}), 400);  // three times as long in a topic
  EXPECT_EQ(send(site, "", {{"iothub-app-a", std::string("\xff\x00\x01", 3)}}), 204);
  EXPECT_EQ(send(site, "", {{"iothub-ack", "maybe"}}), 400);
  EXPECT_EQ(send(site, "", {{"iothub-expiry", "soon"}}), 400);
  EXPECT_EQ(site.ask("POST", "/devices/stranger/messages/deviceBound", "x").status, 404);
  EXPECT_EQ(queue(site)["queue"][0]["properties"][1][1], std::string("\uFFFD\0\1", 5));
}

TEST(CloudToDevice, staysWithinTheFamilyOfPacketIdsOfTheMailbox) {
  Site site;
  const auto wire = site.listening("pump", {kFilter});
  for (int i = 0; i < 40'000; ++i) {
    send(site, "");
    wire->says(pubackPacket(static_cast<mqtt::PacketId>(i % Mailbox::kPacketIdMax + 1)));
  }
  EXPECT_FALSE(wire->closed);
  EXPECT_EQ(site.hub.statistics().cloudCompleted, 40'000u);
}

TEST(Filters, areRefusedGrantedOrFatalWhenUnknown) {
  Site site;
  const auto answer = [&] {
    const auto wire = site.online("pump");
    wire->hears();
    wire->says(subscribePacket({"devices/valve/messages/devicebound/#", "$iothub/twin/res/#"}, 2));
    return wire->hears() + (wire->closed ? " closed" : "");
  };
  EXPECT_EQ(answer(), "SUBACK(1:128:1)");
  EXPECT_TRUE(site.rule(R"({"unknown_filter":"grant"})"));
  EXPECT_EQ(answer(), "SUBACK(1:1:1)");
  // Granted, and yet not delivered.
  EXPECT_EQ(site.ask("POST", "/devices/valve/messages/deviceBound", "x").status, 204);
  EXPECT_EQ(site.hub.statistics().cloudDeliveries, 0u);
  EXPECT_TRUE(site.rule(R"({"unknown_filter":"close"})"));
  EXPECT_EQ(answer(), " closed");
  EXPECT_FALSE(site.rule(R"({"unknown_filter":"perhaps"})"));
  EXPECT_FALSE(site.rule(R"({"answer_qos_max":2})"));
  EXPECT_FALSE(site.rule(R"({"cloud_deliveries_max":0})"));
  EXPECT_FALSE(site.rule(R"({"tier":7})"));
}

}  // namespace
}  // namespace spheregate::hubsim
