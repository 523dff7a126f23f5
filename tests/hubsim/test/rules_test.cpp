#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "site.hpp"

// Each rule away from its default; the defaults are the other tests.
namespace spheregate::hubsim {
namespace {

using Json = nlohmann::json;
using Standing = ClientCertificate::Standing;

constexpr std::string_view kSubscription = "devices/pump/messages/devicebound/#";

std::string answerTo(Site& site, std::string_view client, const ConnectOptions& options,
                     const ClientCertificate& certificate = {}) {
  const auto wire = site.dial(certificate);
  wire->says(connectPacket(client, options));
  return wire->hears() + (wire->closed ? "closed" : "");
}

std::string gatewayToken(const Site& site) { return site.token("hub.test", Site::kGatewayKey, "gateway"); }

TEST(Rules, refusesWhatItDoesNotKnowAndChangesNothing) {
  Site site;
  for (const char* wrong :
       {R"({"qos3":"close"})", R"({"qos2":"ignore"})", R"({"qos2":0})", R"({"unknown_topic":"puback"})", R"({"wrong_will":true})",
        R"({"connack_codes":[]})", R"({"connack_codes":{"expired":6}})", R"({"connack_codes":{"expired":-1}})",
        R"({"connack_codes":{"bored":1}})", R"({"twin_too_large_status":500})", R"({"retain_value":1})", R"({"tier":"S4"})"})
    EXPECT_FALSE(site.rule(wrong)) << wrong;
  EXPECT_EQ(site.hub.rules(), Rules{});
}

TEST(Rules, showsWhatCanBePutBack) {
  Site site;
  const std::string shown = site.ask("GET", "/rules").json;
  EXPECT_EQ(Json::parse(shown)["wrong_will"], "close");
  EXPECT_EQ(Json::parse(shown)["on_behalf_scope"], "module");
  EXPECT_TRUE(site.rule(R"({"wrong_will":"ignore","connack_codes":{"expired":4}})"));
  EXPECT_EQ(Json::parse(site.ask("GET", "/rules").json)["connack_codes"], (Json{{"expired", 4}}));
  EXPECT_EQ(site.ask("PUT", "/rules", shown).status, 200);
  EXPECT_EQ(site.ask("GET", "/rules").json, shown);
}

TEST(Rules, givesRefusalsOtherCodes) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"connack_codes":{"unknown_device":2,"bad_token":4,"expired":0,"bad_protocol_level":5}})"));
  EXPECT_EQ(answerTo(site, "nobody", {.username = {}, .password = gatewayToken(site), .will = {}}), "CONNACK(2)closed");
  EXPECT_EQ(answerTo(site, "pump", {.username = {}, .password = "secret", .will = {}}), "CONNACK(4)closed");
  EXPECT_EQ(
      answerTo(site, "pump", {.username = {}, .password = site.token("hub.test", Site::kGatewayKey, "gateway", 0), .will = {}}),
      "closed");
  EXPECT_EQ(answerTo(site, "scrapped", {.username = {}, .password = gatewayToken(site), .will = {}}), "CONNACK(5)closed");
  base::Bytes old = connectPacket("pump", {.username = {}, .password = "", .will = {}});
  old[8] = 3;  // behind the fixed header and the protocol's name
  const auto wire = site.dial();
  wire->says(old);
  EXPECT_EQ(wire->hears(), "CONNACK(5)");
  EXPECT_EQ(site.refused("expired"), 1u);
}

TEST(Rules, refusesOldUsernames) {
  Site site;
  const ConnectOptions old{.username = "hub.test/pump/api-version=2016-11-14", .password = gatewayToken(site), .will = {}};
  EXPECT_EQ(answerTo(site, "pump", old), "CONNACK(0)");
  EXPECT_TRUE(site.rule(R"({"legacy_username":false})"));
  EXPECT_EQ(answerTo(site, "pump", old), "CONNACK(5)closed");
  EXPECT_EQ(answerTo(site, "pump", {.username = {}, .password = gatewayToken(site), .will = {}}), "CONNACK(0)");
  EXPECT_EQ(site.refused("bad_username"), 1u);
}

TEST(Rules, judgesAWillForAnotherTopic) {
  Site site;
  const ConnectOptions wrong{.username = {},
                             .password = gatewayToken(site),
                             .will = mqtt::Will{.topic = "devices/valve/messages/events/", .payload = base::asBytes("bye")}};
  EXPECT_EQ(answerTo(site, "pump", wrong), "closed");
  EXPECT_TRUE(site.rule(R"({"wrong_will":"refuse"})"));
  EXPECT_EQ(answerTo(site, "pump", wrong), "CONNACK(5)closed");
  EXPECT_EQ(site.refused("bad_will"), 1u);
  EXPECT_TRUE(site.rule(R"({"wrong_will":"ignore"})"));
  EXPECT_EQ(answerTo(site, "pump", wrong), "CONNACK(0)");
  site.hub.drop("pump", "dropped");
  EXPECT_EQ(site.hub.statistics().messages, 0u);
}

TEST(Rules, keepsTheSessionBitToItself) {
  Site site;
  site.listening("pump", {std::string{kSubscription}}, 1, false);
  EXPECT_EQ(site.online("pump", 0, false)->hears(), "CONNACK(0,present)");
  EXPECT_TRUE(site.rule(R"({"session_present":false})"));
  const auto pump = site.online("pump", 0, false);
  EXPECT_EQ(pump->hears(), "CONNACK(0)");
  site.ask("POST", "/devices/pump/messages/deviceBound", "x");
  EXPECT_TRUE(pump->hears().starts_with("PUBLISH(devices/pump/messages/devicebound/")) << "the subscription is kept all the same";
}

TEST(Rules, keepsOfASessionOnlyTheSubscriptionToMessages) {
  Site site;
  const auto first = site.listening(
      "pump",
      {std::string{kSubscription}, "$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#", "$iothub/methods/POST/#"}, 1,
      false);
  const auto again = site.online("pump", 0, false);
  EXPECT_EQ(again->hears(), "CONNACK(0,present)");
  site.ask("PATCH", "/twins/pump", R"({"properties":{"desired":{"a":1}}})");
  EXPECT_EQ(site.ask("POST", "/twins/pump/methods", R"({"methodName":"m"})").status, 404);
  again->says(publishPacket("$iothub/twin/GET/?$rid=1", "", 0, 0));
  EXPECT_EQ(again->hears(), "");
  EXPECT_EQ(site.online("pump", 0, true)->hears(), "CONNACK(0)");
  EXPECT_EQ(site.online("pump", 0, false)->hears(), "CONNACK(0)") << "a clean session forgets";
}

TEST(Rules, wantsTheAudienceOfAModuleEncodedTwice) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"single_encoded_audience":false})"));
  const auto answer = [&](std::string_view client, const std::string& resource) {
    return answerTo(site, client, {.username = {}, .password = site.token(resource, Site::kEdgeHubKey, ""), .will = {}});
  };
  for (const std::string_view client : {"leaf1", "edge1/$edgeHub"}) {
    EXPECT_EQ(answer(client, "hub.test/devices/edge1/modules/$edgeHub"), "CONNACK(5)closed");
    EXPECT_EQ(answer(client, "hub.test/devices/edge1/modules/%24edgeHub"), "CONNACK(0)");
    EXPECT_EQ(answer(client, "hub.test/devices/edge1/modules/%2524edgeHub"), "CONNACK(0)");
  }
  EXPECT_EQ(site.refused("wrong_audience"), 2u);
}

TEST(Rules, letsAnEdgeSpeakWithItsDeviceKeyOrCertificate) {
  Site site;
  EXPECT_EQ(site.ask("PUT", "/devices/edge1",
                     "{\"authentication\":{\"type\":\"sas\",\"symmetricKey\":{\"primaryKey\":\"" +
                         std::string{Site::kGatewayKey} + "\"}}}")
                .status,
            200);
  const auto byKey = [&](std::string_view client, const std::string& edge = "edge1") {
    return answerTo(site, client,
                    {.username = {}, .password = site.token("hub.test/devices/" + edge, Site::kGatewayKey, ""), .will = {}});
  };
  const auto byCertificate = [&](std::string_view client, const std::string& edge = "edge1") {
    return answerTo(site, client, {.username = {}, .password = "", .will = {}}, {Standing::trusted, edge, ""});
  };
  EXPECT_EQ(byKey("leaf1"), "CONNACK(5)closed");
  EXPECT_EQ(byCertificate("leaf1"), "CONNACK(5)closed");
  EXPECT_TRUE(site.rule(R"({"on_behalf_by_device_key":true,"on_behalf_by_certificate":true})"));
  EXPECT_EQ(byKey("leaf1"), "CONNACK(0)");
  EXPECT_EQ(byCertificate("leaf1"), "CONNACK(0)");
  EXPECT_EQ(byKey("leaf2"), "CONNACK(5)closed");
  EXPECT_EQ(byCertificate("leaf2"), "CONNACK(5)closed");
  EXPECT_EQ(byKey("leaf1", "edge2"), "CONNACK(5)closed");
  EXPECT_EQ(byKey("leaf1", "pump"), "CONNACK(5)closed");
  EXPECT_EQ(byKey("leaf1", "nobody"), "CONNACK(5)closed");
  EXPECT_EQ(byCertificate("leaf1", "pump"), "CONNACK(5)closed");
  EXPECT_EQ(byCertificate("leaf1", ""), "CONNACK(5)closed");
  EXPECT_EQ(byCertificate("edge1/$edgeHub"), "CONNACK(0)");
  EXPECT_EQ(byKey("edge1"), "CONNACK(0)");
  const Json visits = Json::parse(site.ask("GET", "/connections?device=leaf1").json);
  ASSERT_EQ(visits.size(), 2u);
  EXPECT_EQ(visits[0]["acting_edge"], "edge1");
  EXPECT_EQ(visits[1]["acting_edge"], "edge1");
}

TEST(Rules, comparesCertificateNamesWithoutCase) {
  Site site;
  const auto answer = [&](const std::string& name) {
    return answerTo(site, "pump", {.username = {}, .password = "", .will = {}}, {Standing::trusted, name, ""});
  };
  EXPECT_EQ(answer("PUMP"), "CONNACK(5)closed");
  EXPECT_TRUE(site.rule(R"({"certificate_names_ignore_case":true})"));
  EXPECT_EQ(answer("PUMP"), "CONNACK(0)");
  EXPECT_EQ(answer("PUMPS"), "CONNACK(5)closed");
}

TEST(Rules, takesQos2AsItTakesQos1) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"qos2":"puback"})"));
  const auto pump = site.listening("pump", {"$iothub/twin/res/#"});
  pump->says(publishPacket("devices/pump/messages/events/", "x", 7, 2) + publishPacket("$iothub/twin/GET/?$rid=1", "", 8, 2));
  EXPECT_TRUE(pump->hears().starts_with("PUBACK(7) PUBACK(8) PUBLISH($iothub/twin/res/200/?$rid=1 "));
  const Json messages = Json::parse(site.ask("GET", "/messages").json);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["qos"], 2);
  EXPECT_EQ(messages[0]["acknowledged"], true);
}

TEST(Rules, passesOverUnknownTopicsAndBrokenBags) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"unknown_topic":"ignore","broken_bag":"ignore"})"));
  auto pump = site.online("pump");
  pump->hears();
  pump->says(publishPacket("any/topic", "x", 1) + publishPacket("devices/pump/other", "x", 0, 0) +
             telemetry("pump", 2, "x", "a=%zz"));
  EXPECT_EQ(pump->hears(), "PUBACK(1) PUBACK(2)");
  EXPECT_EQ(site.hub.statistics().withoutEffect, 3u);
  EXPECT_EQ(site.hub.statistics().messages, 0u);
  pump->says(publishPacket("devices/valve/messages/events/", "x", 3));
  EXPECT_TRUE(pump->closed) << "another device's topic is no unknown one";
}

TEST(Rules, marksRetainedMessagesAsTold) {
  Site site;
  const auto pump = site.online("pump");
  const auto retained = [] {
    base::Bytes packet = telemetry("pump", 1, "x", "a=1");
    packet[0] |= 1;
    return packet;
  };
  pump->says(retained() + telemetry("pump", 2));
  EXPECT_TRUE(site.rule(R"({"retain_value":"1"})"));
  pump->says(retained());
  EXPECT_TRUE(site.rule(R"({"retain_value":""})"));
  pump->says(retained());
  const Json messages = Json::parse(site.ask("GET", "/messages").json);
  ASSERT_EQ(messages.size(), 4u);
  EXPECT_EQ(messages[0]["properties"], (Json::array({Json{"a", "1"}, Json{"mqtt-retain", "true"}})));
  EXPECT_EQ(messages[1]["properties"], Json::array());
  EXPECT_EQ(messages[2]["properties"][1], (Json{"mqtt-retain", "1"}));
  EXPECT_EQ(messages[3]["properties"], (Json::array({Json{"a", "1"}})));
}

TEST(Rules, stampsWhoSpoke) {
  Site site;
  const auto stamp = [&](const std::string& client, const std::string& password, const ClientCertificate& certificate = {}) {
    const auto wire = site.dial(certificate);
    wire->says(connectPacket(client, {.username = "hub.test/" + client + "/?api-version=2021-04-12&model-id=dtmi%3Ax%3B1",
                                      .password = password,
                                      .will = {}}) +
               publishPacket("devices/" + client + "/messages/events/", "x", 1));
    const Json messages = Json::parse(site.ask("GET", "/messages?system=true").json);
    EXPECT_EQ(messages.back()["system"]["iothub-connection-device-id"], client);
    EXPECT_EQ(messages.back()["system"]["dt-dataschema"], "dtmi:x;1");
    return Json::parse(messages.back()["system"]["iothub-connection-auth-method"].get<std::string>());
  };
  const std::string onBehalf = site.token("hub.test/devices/edge1/modules/%24edgeHub", Site::kEdgeHubKey, "");
  EXPECT_EQ(stamp("pump", site.token("hub.test/devices/pump", Site::kDeviceKey, "")),
            (Json{{"scope", "device"}, {"type", "sas"}, {"issuer", "iothub"}}));
  EXPECT_EQ(stamp("pump", gatewayToken(site))["scope"], "hub");
  EXPECT_EQ(stamp("pump", "", {Standing::trusted, "pump", ""}),
            (Json{{"scope", "device"}, {"type", "x509"}, {"issuer", "external"}}));
  EXPECT_EQ(stamp("leaf1", onBehalf)["scope"], "module");
  EXPECT_TRUE(site.rule(R"({"on_behalf_scope":"device"})"));
  EXPECT_EQ(stamp("leaf1", onBehalf)["scope"], "device");
  EXPECT_FALSE(Json::parse(site.ask("GET", "/messages").json)[0].contains("system"));
}

TEST(Rules, leavesVersionsAloneWhenNothingChanges) {
  Site site;
  const auto pump = site.listening("pump", {"$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#"});
  const auto report = [&](const std::string& patch) {
    pump->says(publishPacket("$iothub/twin/PATCH/properties/reported/?$rid=1", patch, 0, 0));
    return pump->hears();
  };
  EXPECT_EQ(report(R"({"a":1})"), "PUBLISH($iothub/twin/res/204/?$rid=1&$version=2)");
  EXPECT_EQ(report(R"({"a":1})"), "PUBLISH($iothub/twin/res/204/?$rid=1&$version=3)");
  EXPECT_TRUE(site.rule(R"({"noop_patch_version":false})"));
  EXPECT_EQ(report(R"({"a":1,"b":null})"), "PUBLISH($iothub/twin/res/204/?$rid=1&$version=3)");
  EXPECT_EQ(report(R"({"a":2})"), "PUBLISH($iothub/twin/res/204/?$rid=1&$version=4)");
  const std::string desired = R"({"properties":{"desired":{"x":1}}})";
  site.ask("PATCH", "/twins/pump", desired);
  EXPECT_EQ(pump->hears(), R"(PUBLISH($iothub/twin/PATCH/properties/desired/?$version=2 {"$version":2,"x":1}))");
  const Json before = Json::parse(site.ask("GET", "/twins/pump").json)["version"];
  site.ask("PATCH", "/twins/pump", desired);
  site.ask("PUT", "/twins/pump", desired);
  EXPECT_EQ(pump->hears(), "");
  EXPECT_EQ(Json::parse(site.ask("GET", "/twins/pump").json)["version"], before);
}

TEST(Rules, callsALargeTwinAnotherName) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"twin_too_large_status":413})"));
  const auto pump = site.listening("pump", {"$iothub/twin/res/#"});
  std::string patch = "{\"k\":7";
  for (int i = 0; i < 9; ++i) patch += ",\"k" + std::to_string(i) + "\":\"" + std::string(4000, 'x') + "\"";
  pump->says(publishPacket("$iothub/twin/PATCH/properties/reported/?$rid=1", patch + "}", 0, 0));
  EXPECT_TRUE(pump->hears().starts_with("PUBLISH($iothub/twin/res/413/?$rid=1 "));
}

TEST(Rules, failsACallWhoseAnswerHasNoNumber) {
  Site site;
  const auto pump = site.listening("pump", {"$iothub/methods/POST/#"});
  const auto call = [&] { return site.asked("POST", "/twins/pump/methods", R"({"methodName":"m"})"); };
  const auto bad = [&](const std::string& rid) { pump->says(publishPacket("$iothub/methods/res/fine/?$rid=" + rid, "", 0, 0)); };
  const auto first = call();
  bad("1");
  EXPECT_EQ(first->status, 0);
  EXPECT_TRUE(site.rule(R"({"bad_method_status":"fail"})"));
  bad("9");
  EXPECT_EQ(first->status, 0);
  bad("1");
  EXPECT_EQ(first->status, 500);
  bad("1");
  EXPECT_EQ(site.hub.statistics().withoutEffect, 3u);
  EXPECT_FALSE(pump->closed);
}

TEST(Rules, deliversForEverWhenLocksDoNotCount) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"cloud_lock_expiry_counts":false,"cloud_deliveries_max":2,"cloud_lock_seconds":10})"));
  const auto pump = site.listening("pump", {std::string{kSubscription}});
  site.ask("POST", "/devices/pump/messages/deviceBound", "x");
  site.pass(std::chrono::seconds{45});
  const Json queue = Json::parse(site.ask("GET", "/c2d?device=pump").json)["queue"];
  ASSERT_EQ(queue.size(), 1u);
  EXPECT_EQ(queue[0]["deliveries"], 5);
}

}  // namespace
}  // namespace spheregate::hubsim
