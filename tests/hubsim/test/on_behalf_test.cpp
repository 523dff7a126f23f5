#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "site.hpp"

namespace spheregate::hubsim {
namespace {

using Json = nlohmann::json;

constexpr auto kEdge1 = Site::kEdgeHubKey;
constexpr auto kEdge2 = Site::kDeviceKey;

// What the hub answers to `device` with a token for this resource and this end of a username.
std::string answerTo(Site& site, std::string_view device, std::string_view key, const std::string& resource,
                     const std::string& chain = "", std::string_view policy = "") {
  const auto wire = site.dial();
  const std::string username =
      "hub.test/" + std::string{device} + "/?api-version=2021-04-12" + (chain.empty() ? "" : "&auth-chain=" + chain);
  wire->says(connectPacket(device, {.username = username, .password = site.token(resource, key, policy), .will = {}}));
  return wire->hears();
}

const std::string kModule1 = "hub.test/devices/edge1/modules/%24edgeHub";  // encoded once more by the token
const std::string kModule2 = "hub.test/devices/edge2/modules/%24edgeHub";

TEST(OnBehalf, letsAnEdgeSpeakForItsChild) {
  Site site;
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, kModule1, "leaf1%3Bedge1"), "CONNACK(0)");
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, kModule1), "CONNACK(0)");
  EXPECT_EQ(answerTo(site, "edge2", kEdge1, kModule1, "edge2;edge1"), "CONNACK(0)");
  // However often the audience is encoded.
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, "hub.test/devices/edge1/modules/$edgeHub"), "CONNACK(0)");
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, "hub.test/devices/edge1/modules/%252524edgeHub"), "CONNACK(0)");
}

TEST(OnBehalf, followsALongerChainLinkByLink) {
  Site site;
  EXPECT_EQ(answerTo(site, "leaf2", kEdge2, kModule2, "leaf2%3Bedge2"), "CONNACK(0)");
  EXPECT_EQ(answerTo(site, "leaf2", kEdge1, kModule1, "leaf2%3Bedge2%3Bedge1"), "CONNACK(0)");
  EXPECT_EQ(answerTo(site, "leaf2", kEdge1, kModule1), "CONNACK(5)");
  EXPECT_EQ(site.refused("out_of_scope"), 1u);
  EXPECT_EQ(site.ask("PUT", "/devices/edge2", R"({"status":"disabled"})").status, 200);
  EXPECT_EQ(answerTo(site, "leaf2", kEdge1, kModule1, "leaf2%3Bedge2%3Bedge1"), "CONNACK(5)");
  EXPECT_EQ(site.refused("bad_auth_chain"), 1u);
}

TEST(OnBehalf, refusesAChainThatIsNotTheRegistrys) {
  Site site;
  for (const char* wrong :
       {"leaf1", "edge1", "edge1%3Bleaf1", "leaf1%3Bedge2", "leaf1%3Bedge2%3Bedge1", "leaf2%3Bedge1", "leaf1%3Bedge1%3B",
        "%3Bleaf1%3Bedge1", "leaf1%3B%3Bedge1", "leaf1,edge1", "leaf1%3Bedge1%2F%24edgeHub", "leaf1%3Bpump%3Bedge1",
        "leaf1%3Bedge1%3Bedge1%3Bedge1%3Bedge1%3Bedge1%3Bedge1", "LEAF1%3Bedge1"})
    EXPECT_EQ(answerTo(site, "leaf1", kEdge1, kModule1, wrong), "CONNACK(5)") << wrong;
  EXPECT_EQ(site.refused("bad_auth_chain"), 14u);
  // A broken escape ends it before the chain is looked at.
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, kModule1, "leaf1%zz"), "CONNACK(5)");
}

TEST(OnBehalf, refusesStrangersOfTheScope) {
  Site site;
  EXPECT_EQ(answerTo(site, "pump", kEdge1, kModule1), "CONNACK(5)");
  EXPECT_EQ(answerTo(site, "bystander", kEdge1, kModule1), "CONNACK(5)");
  EXPECT_EQ(answerTo(site, "edge1", kEdge1, kModule1), "CONNACK(5)");
  EXPECT_EQ(site.refused("out_of_scope"), 3u);
  EXPECT_EQ(answerTo(site, "bystander", kEdge1, kModule1, "bystander%3Bedge1"), "CONNACK(5)");
}

TEST(OnBehalf, refusesTokensThatAreNotOfAnEdgeHub) {
  Site site;
  EXPECT_EQ(answerTo(site, "leaf1", kEdge2, kModule1), "CONNACK(5)");                  // another module's key
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, "hub.test/devices/edge1"), "CONNACK(5)");  // the edge as a device
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, "hub.test/devices/edge1/modules/other"), "CONNACK(5)");
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, "other.test/devices/edge1/modules/$edgeHub"), "CONNACK(5)");
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, "hub.test/devices/a/b/modules/$edgeHub"), "CONNACK(5)");
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, "hub.test/devices/modules/$edgeHub"), "CONNACK(5)");
  EXPECT_EQ(site.refused("bad_signature"), 6u);
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, "hub.test/devices/pump/modules/$edgeHub"), "CONNACK(5)");
  EXPECT_EQ(answerTo(site, "bystander", kEdge1, "hub.test/devices/edge3/modules/$edgeHub"), "CONNACK(5)");  // has no key
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, "hub.test/devices/nobody/modules/$edgeHub"), "CONNACK(5)");
  EXPECT_EQ(site.refused("not_an_edge"), 3u);
  // A policy signs for a hub, not for a module.
  EXPECT_EQ(answerTo(site, "leaf1", Site::kGatewayKey, kModule1, "", "gateway"), "CONNACK(5)");
}

TEST(OnBehalf, refusesDisabledDevicesAndEdges) {
  Site site;
  const auto open = site.online("leaf1");
  EXPECT_EQ(site.ask("PUT", "/devices/leaf1", R"({"deviceId":"leaf1","status":"disabled"})").status, 200);
  EXPECT_TRUE(open->closed);
  EXPECT_EQ(site.closes("disabled"), 1u);
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, kModule1), "CONNACK(5)");
  EXPECT_EQ(site.ask("PUT", "/devices/leaf1", R"({"status":"enabled"})").status, 200);
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, kModule1), "CONNACK(0)");
  EXPECT_EQ(site.ask("PUT", "/devices/edge1", R"({"status":"disabled"})").status, 200);
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, kModule1), "CONNACK(5)");
  EXPECT_EQ(site.refused("not_an_edge"), 1u);
}

TEST(OnBehalf, mayRequireTheChain) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"require_auth_chain":true})"));
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, kModule1), "CONNACK(5)");
  EXPECT_EQ(answerTo(site, "leaf1", kEdge1, kModule1, "leaf1%3Bedge1"), "CONNACK(0)");
  EXPECT_EQ(answerTo(site, "pump", Site::kDeviceKey, "hub.test/devices/pump"), "CONNACK(0)");
}

TEST(OnBehalf, showsWhatTheConnectionSaid) {
  Site site;
  const std::string username =
      "hub.test/leaf1/"
      "?api-version=2020-09-30&DeviceClientType=sdk%2F1%20(x)&model-id=dtmi%3Acom%3Ax%3B1&auth-chain=leaf1%3Bedge1";
  const auto wire = site.dial();
  wire->says(connectPacket("leaf1", {.username = username, .password = site.token(kModule1, kEdge1, ""), .will = {}}));
  EXPECT_EQ(answerTo(site, "pump", Site::kDeviceKey, "hub.test/devices/pump"), "CONNACK(0)");
  const Json visits = Json::parse(site.ask("GET", "/connections").json);
  EXPECT_EQ(visits[0]["auth_chain"], "leaf1;edge1");
  EXPECT_EQ(visits[0]["api_version"], "2020-09-30");
  EXPECT_EQ(visits[0]["model_id"], "dtmi:com:x;1");
  EXPECT_EQ(visits[0]["device_client_type"], "sdk/1 (x)");
  EXPECT_EQ(visits[0]["token_sr"], "hub.test%2Fdevices%2Fedge1%2Fmodules%2F%2524edgeHub");
  EXPECT_EQ(visits[0]["token_resource"], "hub.test/devices/edge1/modules/$edgeHub");
  EXPECT_EQ(visits[0]["acting_edge"], "edge1");
  EXPECT_EQ(visits[1]["auth_chain"], nullptr);
  EXPECT_EQ(visits[1]["acting_edge"], "");
  EXPECT_EQ(Json::parse(site.ask("GET", "/twins/leaf1").json)["modelId"], "dtmi:com:x;1");
}

TEST(OnBehalf, knowsTheReferencesTestVector) {
  Site site;
  const std::string key{Site::kGatewayKey};  // the vector's key
  const auto token = hub::parseSasToken(
      "SharedAccessSignature sr=contoso.azure-devices.net%2Fdevices%2Fedge1%2Fmodules%2F%2524edgeHub"
      "&sig=wXE1QI4P8yAVQyAIKaPc7To9lPnSO1NJetPHUqOX544%3D&se=1700000000");
  EXPECT_TRUE(hub::signedBy(*token, *hub::SharedAccessKey::fromBase64(key)));
}

TEST(Registry, saysWhatIsWrongWithAnEdge) {
  for (const char* wrong :
       {"{hub: h, devices: [{id: a, parent: b}]}", "{hub: h, devices: [{id: a, parent: b}, {id: b}]}",
        "{hub: h, devices: [{id: a, edge: maybe}]}", "{hub: h, devices: [{id: a, edge: true, edge_hub_key: x}]}",
        "{hub: h, devices: [{id: a, edge_hub_key: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=}]}",
        "{hub: h, devices: [{id: a, scope: s, parent: b}, {id: b, edge: true}]}"})
    EXPECT_FALSE(parseRegistry(wrong, "r").has_value()) << wrong;
  const Registry registry = *parseRegistry("{hub: h, devices: [{id: a, parent: b}, {id: b, edge: true, scope: s}]}", "r");
  EXPECT_EQ(registry.devices.at("a").scope, "s");
}

}  // namespace
}  // namespace spheregate::hubsim
