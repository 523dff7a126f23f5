#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "site.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::hubsim {
namespace {

using Json = nlohmann::json;

TEST(Service, createsChangesAndDeletesDevices) {
  Site site;
  EXPECT_EQ(site.ask("GET", "/devices/new").status, 404);
  const Json made = Json::parse(
      site.ask(
              "PUT", "/devices/new?api-version=2021-04-12",
              R"({"deviceId":"new","authentication":{"symmetricKey":{"primaryKey":"Zm9ydHktdHdvIGlzIG5vdCBhIHNlY3JldCBrZXkuLi4="}}})")
          .json);
  EXPECT_EQ(made["status"], "enabled");
  const auto wire = site.dial();
  wire->says(
      connectPacket("new", {.username = {}, .password = site.token("hub.test/devices/new", Site::kDeviceKey, ""), .will = {}}));
  EXPECT_EQ(wire->hears(), "CONNACK(0)");
  EXPECT_EQ(site.ask("PATCH", "/twins/new", R"({"tags":{"a":1}})").status, 200);
  EXPECT_EQ(Json::parse(site.ask("GET", "/devices/new").json)["connectionState"], "Connected");
  EXPECT_EQ(site.ask("DELETE", "/devices/new").status, 204);
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(site.closes("deleted"), 1u);
  EXPECT_EQ(site.ask("DELETE", "/devices/new").status, 404);
  EXPECT_EQ(site.ask("GET", "/twins/new").status, 404);
  EXPECT_EQ(site.ask("PUT", "/devices/new", "{}").status, 200);
  EXPECT_EQ(Json::parse(site.ask("GET", "/twins/new").json)["tags"], Json::object());
}

TEST(Service, makesAnEdgeAndAChildOfIt) {
  Site site;
  const Json edge = Json::parse(site.ask("PUT", "/devices/gw", R"({"capabilities":{"iotEdge":true}})").json);
  const std::string scope = edge["deviceScope"];
  EXPECT_EQ(
      site.ask("PUT", "/devices/kid", Json{{"deviceScope", scope}, {"authentication", {{"type", "certificateAuthority"}}}}.dump())
          .status,
      200);
  const Json module = Json::parse(site.ask("GET", "/devices/gw/modules/%24edgeHub").json);
  const std::string key = module["authentication"]["symmetricKey"]["primaryKey"];
  const auto wire = site.dial();
  wire->says(connectPacket(
      "kid", {.username = {}, .password = site.token("hub.test/devices/gw/modules/%24edgeHub", key, ""), .will = {}}));
  EXPECT_EQ(wire->hears(), "CONNACK(0)");
  EXPECT_EQ(site.ask("PUT", "/devices/gw/modules/$edgeHub",
                     Json{{"authentication", {{"symmetricKey", {{"primaryKey", Site::kDeviceKey}}}}}}.dump())
                .status,
            200);
  wire->hangsUp();
  const auto again = site.dial();
  again->says(connectPacket(
      "kid", {.username = {}, .password = site.token("hub.test/devices/gw/modules/%24edgeHub", key, ""), .will = {}}));
  EXPECT_EQ(again->hears(), "CONNACK(5)");
}

TEST(Service, refusesIdentitiesThatAreNone) {
  Site site;
  for (const char* wrong :
       {"", "[]", R"({"deviceId":"other"})", R"({"status":"off"})", R"({"authentication":{"type":"magic"}})",
        R"({"authentication":{"symmetricKey":{"primaryKey":"*"}}})", R"({"authentication":{"symmetricKey":{"primaryKey":7}}})",
        R"({"parentScopes":"s"})", R"({"parentScopes":[7]})"})
    EXPECT_EQ(site.ask("PUT", "/devices/new", wrong).status, 400) << wrong;
  EXPECT_EQ(site.ask("PUT", "/devices/a%2Fb", "{}").status, 400);
  EXPECT_EQ(site.ask("PUT", "/devices/a%zz", "{}").status, 400);
  EXPECT_EQ(site.ask("PUT", "/devices/" + std::string(129, 'a'), "{}").status, 400);
  EXPECT_EQ(site.ask("POST", "/devices/pump", "{}").status, 405);
  EXPECT_EQ(site.ask("GET", "/devices/pump/modules/$edgeHub").status, 404);
  EXPECT_EQ(site.ask("GET", "/devices").status, 404);
  EXPECT_EQ(site.ask("GET", "/twins/pump/nothing").status, 404);
  EXPECT_EQ(site.ask("GET", "/").status, 404);
}

TEST(Service, readsIdsPercentDecoded) {
  Site site;
  EXPECT_EQ(site.ask("PUT", "/devices/a%25b%3Dc%24", "{}").status, 200);
  EXPECT_EQ(Json::parse(site.ask("GET", "/twins/a%25b%3dc$").json)["deviceId"], "a%b=c$");
}

TEST(Service, canDisableADeviceThatWasNeverRegistered) {
  FakeClock clock;
  base::Timers timers{clock};
  Hub hub{*parseRegistry("{hub: hub.test, accept_unknown_devices: true}", "r"), 10, timers};
  EXPECT_TRUE(hub.known("any"));
  EXPECT_FALSE(hub.known("a/b"));
  EXPECT_EQ(hub.device("a/b"), nullptr);
  hub.put("any", {.key = {}, .enabled = false, .edgeHubKey = {}, .scope = {}, .parentScopes = {}});
  mqtt::Connect connect;
  connect.clientId = "any";
  connect.username = "hub.test/any/?api-version=2021-04-12";
  EXPECT_EQ(std::get<Refusal>(hub.judge(connect, {ClientCertificate::Standing::trusted, "any", ""})), Refusal::disabled);
}

TEST(Transcript, holdsEveryPacketInOrderAndNoPassword) {
  Site site;
  const auto wire = site.online("pump");
  wire->says(subscribePacket({"devices/pump/messages/devicebound/#", "nonsense"}) + telemetry("pump", 7, "hi", "a=b") +
             publishPacket("devices/pump/messages/events/", "hi", 7, 1, true));
  site.ask("POST", "/devices/pump/messages/deviceBound", "down");
  wire->says(pubackPacket(1) + unsubscribePacket("nonsense", 9));
  base::Bytes last;
  mqtt::appendPingreq(last);
  mqtt::appendDisconnect(last);
  wire->says(last);
  const HttpAnswer answer = site.ask("GET", "/transcript?device=pump");
  EXPECT_EQ(answer.json.find("SharedAccessSignature"), std::string::npos);
  const Json packets = Json::parse(answer.json);
  std::string text;
  for (const Json& packet : packets) text += (packet["from"] == "hub" ? "<" : ">") + packet["type"].get<std::string>() + " ";
  EXPECT_EQ(text,
            ">CONNECT <CONNACK >SUBSCRIBE <SUBACK >PUBLISH <PUBACK >PUBLISH <PUBACK <PUBLISH >PUBACK >UNSUBSCRIBE <UNSUBACK "
            ">PINGREQ <PINGRESP >DISCONNECT ");
  EXPECT_EQ(packets[0]["username"], "hub.test/pump/?api-version=2021-04-12");
  EXPECT_EQ(packets[2]["filters"], Json::parse(R"([["devices/pump/messages/devicebound/#",1],["nonsense",1]])"));
  EXPECT_EQ(packets[3]["codes"], Json::parse("[1,128]"));
  EXPECT_EQ(packets[4]["topic"], "devices/pump/messages/events/a=b");
  EXPECT_EQ(packets[4]["payload"], "aGk=");
  EXPECT_EQ(packets[6]["dup"], true);
  EXPECT_EQ(packets[8]["payload"], "ZG93bg==");
  EXPECT_EQ(packets[8]["qos"], 1);
  EXPECT_EQ(Json::parse(site.ask("GET", "/transcript?device=valve").json), Json::array());
  EXPECT_EQ(Json::parse(site.ask("GET", "/transcript?from=13").json)[0]["type"], "PINGRESP");
  EXPECT_EQ(Json::parse(site.ask("GET", "/transcript?limit=1").json).size(), 1u);
  site.ask("POST", "/reset");
  EXPECT_EQ(Json::parse(site.ask("GET", "/transcript").json), Json::array());
}

TEST(Transcript, showsWhatDidNotDecode) {
  Site site;
  const auto wire = site.online("pump");
  wire->says({0x82, 0x01, 0x00});  // a SUBSCRIBE without anything
  EXPECT_TRUE(wire->closed);
  const Json packets = Json::parse(site.ask("GET", "/transcript").json);
  EXPECT_EQ(packets.back()["type"], "SUBSCRIBE");
  EXPECT_FALSE(packets.back().contains("filters"));
}

TEST(Transcript, forgetsTheOldestAboveItsBytes) {
  Transcript transcript{true};
  const auto device = std::make_shared<const std::string>("pump");
  const base::Bytes packet = telemetry("pump", 1, std::string(250'000, 'x'));
  const std::size_t held = 64 * 1024 * 1024 / packet.size();
  for (std::size_t i = 0; i < held + 3; ++i) transcript.record(device, 1, Transcript::Direction::fromDevice, packet);
  EXPECT_EQ(Json::parse(transcript.json({}, 0, 1))[0]["index"], 3);
  EXPECT_EQ(Json::parse(transcript.json({}, held + 2, 9)).size(), 1u);
}

TEST(Transcript, isNotKeptWhenNothingIs) {
  Site site{0};
  site.online("pump");
  EXPECT_EQ(Json::parse(site.ask("GET", "/transcript").json), Json::array());
}

TEST(Control, mergesRulesAndSaysWhatItDoesNotKnow) {
  Site site;
  EXPECT_EQ(Json::parse(site.ask("PUT", "/rules", R"({"unknown_filter":"close","tier":"S2"})").json)["tier"], "S2");
  EXPECT_EQ(Json::parse(site.ask("GET", "/rules").json)["unknown_filter"], "close");
  EXPECT_EQ(site.ask("PUT", "/rules", R"({"rule":1})").status, 400);
  EXPECT_EQ(site.ask("PUT", "/rules", std::string(100'000, '[')).status, 400);
  EXPECT_EQ(site.ask("PUT", "/faults", std::string(100'000, '[')).status, 400);
  EXPECT_EQ(site.ask("GET", "/c2d").status, 400);
  EXPECT_EQ(site.ask("GET", "/c2d?device=stranger").status, 404);
  EXPECT_EQ(site.ask("POST", "/rules").status, 405);
}

}  // namespace
}  // namespace spheregate::hubsim
