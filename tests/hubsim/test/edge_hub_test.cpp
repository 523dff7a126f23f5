#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "site.hpp"

// The `$edgeHub` module of an edge as a client of its own.
namespace spheregate::hubsim {
namespace {

using Json = nlohmann::json;

constexpr std::string_view kModule = "edge1/$edgeHub";
const std::string kUsername = "hub.test/edge1/$edgeHub/?api-version=2021-04-12";
const std::string kResource = "hub.test/devices/edge1/modules/%24edgeHub";  // encoded once more by the token

std::shared_ptr<FakeWire> connect(Site& site, const std::string& password, const std::string& chain = "",
                                  std::string_view clientId = kModule) {
  auto wire = site.dial();
  const std::string username = kUsername + (chain.empty() ? "" : "&auth-chain=" + chain);
  wire->says(connectPacket(clientId, {.username = username, .password = password, .will = {}}));
  return wire;
}

std::shared_ptr<FakeWire> online(Site& site) {
  auto wire = connect(site, site.token(kResource, Site::kEdgeHubKey, ""));
  EXPECT_EQ(wire->hears(), "CONNACK(0)");
  return wire;
}

TEST(EdgeHub, logsInWithTheTokenOfItsModule) {
  Site site;
  for (const char* resource : {"hub.test/devices/edge1/modules/$edgeHub", "hub.test/devices/edge1/modules/%24edgeHub",
                               "hub.test/devices/edge1/modules/%252524edgeHub", "hub.test/devices/edge1"})
    EXPECT_EQ(connect(site, site.token(resource, Site::kEdgeHubKey, ""))->hears(), "CONNACK(0)") << resource;
  for (const char* resource : {"hub.test", "hub.test/devices", "hub.test/devices/edge1", "hub.test/devices/edge1/modules"})
    EXPECT_EQ(connect(site, site.token(resource, Site::kGatewayKey, "gateway"))->hears(), "CONNACK(0)") << resource;
  const Json visits = Json::parse(site.ask("GET", "/connections?device=edge1%2F%24edgeHub").json);
  ASSERT_EQ(visits.size(), 8u);
  EXPECT_EQ(visits[0]["client_id"], kModule);
  EXPECT_EQ(visits[0]["acting_edge"], "");
  EXPECT_EQ(site.hub.statistics().takeovers, 7u);
}

TEST(EdgeHub, takesItsAuthChainOrNone) {
  Site site;
  site.rule(R"({"require_auth_chain":true})");
  const std::string own = site.token(kResource, Site::kEdgeHubKey, "");
  EXPECT_EQ(connect(site, own)->hears(), "CONNACK(0)");
  EXPECT_EQ(connect(site, own, "edge1%2F%24edgeHub%3Bedge1")->hears(), "CONNACK(0)");
  EXPECT_EQ(connect(site, own, "edge1/$edgeHub;edge1")->hears(), "CONNACK(0)");
  for (const char* wrong : {"edge1;edge1", "edge1/$edgeHub", "edge1/$edgeHub;edge2", "edge1/$edgeHub;edge1;edge1",
                            "edge1/$edgeHub;edge1/$edgeHub", "edge2/$edgeHub;edge1"})
    EXPECT_EQ(connect(site, own, wrong)->hears(), "CONNACK(5)") << wrong;
}

TEST(EdgeHub, mayBeSpokenForByTheEdgeAbove) {
  Site site;
  const auto answer = [&](const std::string& chain) {
    const auto wire = site.dial();
    wire->says(connectPacket("edge2/$edgeHub", {.username = "hub.test/edge2/$edgeHub/?api-version=2021-04-12" + chain,
                                                .password = site.token(kResource, Site::kEdgeHubKey, ""),
                                                .will = {}}));
    return wire->hears();
  };
  EXPECT_EQ(answer(""), "CONNACK(0)");
  EXPECT_EQ(answer("&auth-chain=edge2/$edgeHub;edge2;edge1"), "CONNACK(0)");
  EXPECT_EQ(answer("&auth-chain=edge2/$edgeHub;edge1"), "CONNACK(5)");
  EXPECT_EQ(Json::parse(site.ask("GET", "/connections?device=edge2%2F%24edgeHub").json)[0]["acting_edge"], "edge1");
}

TEST(EdgeHub, refusesOtherKeysOtherModulesAndOtherDevices) {
  Site site;
  EXPECT_EQ(connect(site, site.token(kResource, Site::kDeviceKey, ""))->hears(), "CONNACK(5)");
  EXPECT_EQ(connect(site, site.token("hub.test/devices/edge1/modules/other", Site::kEdgeHubKey, ""))->hears(), "CONNACK(5)");
  EXPECT_EQ(connect(site, site.token("hub.test/devices/leaf1", Site::kEdgeHubKey, ""))->hears(), "CONNACK(5)");
  EXPECT_EQ(connect(site, site.token("hub.test", Site::kEdgeHubKey, ""))->hears(), "CONNACK(5)");
  EXPECT_EQ(connect(site, "")->hears(), "CONNACK(5)");
  EXPECT_EQ(connect(site, site.token(kResource, Site::kEdgeHubKey, ""), "", "edge1")->hears(), "CONNACK(5)");
  EXPECT_EQ(connect(site, site.token(kResource, Site::kEdgeHubKey, ""), "", "edge1/%24edgeHub")->hears(), "CONNACK(5)");
  const auto refusal = [&](const std::string& client) {
    const auto wire = site.dial();
    wire->says(connectPacket(client, {.username = "hub.test/" + client + "/?api-version=1",
                                      .password = site.token("hub.test", Site::kGatewayKey, "gateway"),
                                      .will = {}}));
    return wire->hears();
  };
  EXPECT_EQ(refusal("edge1/filter"), "CONNACK(5)");
  EXPECT_EQ(refusal("pump/$edgeHub"), "CONNACK(5)");
  EXPECT_EQ(refusal("edge3/$edgeHub"), "CONNACK(5)");  // has no key
  EXPECT_EQ(site.refused("unknown_module"), 3u);
  EXPECT_EQ(site.refused("client_id_mismatch"), 2u);
}

TEST(EdgeHub, publishesToTopicsOfTheModule) {
  Site site;
  const auto wire = online(site);
  wire->says(publishPacket("devices/edge1/modules/$edgeHub/messages/events/a=1", "x", 1));
  EXPECT_EQ(wire->hears(), "PUBACK(1)");
  const Json messages = Json::parse(site.ask("GET", "/messages?device=edge1/$edgeHub").json);
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0]["topic"], "devices/edge1/modules/$edgeHub/messages/events/a=1");
  for (const char* topic : {"devices/edge1/messages/events/", "devices/edge1/modules/other/messages/events/",
                            "devices/edge1/modules/$edgeHubs/messages/events/", "devices/leaf1/messages/events/"}) {
    const auto other = online(site);
    other->says(publishPacket(topic, "x", 1));
    EXPECT_TRUE(other->closed) << topic;
  }
  // Nor may the device use the module's.
  const auto device = site.online("edge1");
  device->says(publishPacket("devices/edge1/modules/$edgeHub/messages/events/", "x", 1));
  EXPECT_TRUE(device->closed);
}

TEST(EdgeHub, hasATwinOfItsOwn) {
  Site site;
  const auto wire = online(site);
  wire->says(subscribePacket({"$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#", "devices/edge1/modules/$edgeHub/#",
                              "devices/edge1/modules/$edgeHub/inputs/#", "devices/edge1/modules/other/#"}));
  EXPECT_EQ(wire->hears(), "SUBACK(1:1:1:1:1:128)");
  for (const char* path : {"/twins/edge1/modules/$edgeHub", "/twins/edge1/modules/%24edgeHub"}) {
    const Json twin = Json::parse(site.ask("GET", path).json);
    EXPECT_EQ(twin["deviceId"], "edge1");
    EXPECT_EQ(twin["moduleId"], "$edgeHub");
    EXPECT_EQ(twin["connectionState"], "Connected");
  }
  EXPECT_EQ(site.ask("PATCH", "/twins/edge1/modules/$edgeHub", R"({"properties":{"desired":{"schemaVersion":"1.1"}}})").status,
            200);
  EXPECT_EQ(wire->hears(), R"(PUBLISH($iothub/twin/PATCH/properties/desired/?$version=2 {"$version":2,"schemaVersion":"1.1"}))");
  wire->says(
      publishPacket("$iothub/twin/PATCH/properties/reported/?$rid=1", R"({"clients":{"leaf1":{"status":"Connected"}}})", 0, 0));
  EXPECT_EQ(wire->hears(), "PUBLISH($iothub/twin/res/204/?$rid=1&$version=2)");
  wire->says(publishPacket("$iothub/twin/GET/?$rid=2", "", 0, 0));
  EXPECT_TRUE(wire->hears().starts_with("PUBLISH($iothub/twin/res/200/?$rid=2 {\"desired\":{\"$version\":2"));
  EXPECT_FALSE(Json::parse(site.ask("GET", "/twins/edge1").json)["properties"]["reported"].contains("clients"));
  EXPECT_EQ(site.ask("GET", "/twins/pump/modules/$edgeHub").status, 404);
  EXPECT_EQ(site.ask("GET", "/twins/edge1/modules/filter").status, 404);
  EXPECT_EQ(site.ask("GET", "/twins/edge1%2F%24edgeHub").status, 404);
  EXPECT_EQ(site.ask("POST", "/devices/edge1%2F%24edgeHub/messages/deviceBound", "x").status, 404);
}

TEST(EdgeHub, answersMethods) {
  Site site;
  const auto wire = online(site);
  wire->says(subscribePacket({"$iothub/methods/POST/#"}));
  wire->hears();
  const auto answer = site.asked("POST", "/twins/edge1/modules/$edgeHub/methods",
                                 R"({"methodName":"RefreshDeviceScopeIdentityCache","payload":{"deviceIds":["leaf1"]}})");
  EXPECT_EQ(wire->hears(), R"(PUBLISH($iothub/methods/POST/RefreshDeviceScopeIdentityCache/?$rid=1 {"deviceIds":["leaf1"]}))");
  wire->says(publishPacket("$iothub/methods/res/200/?$rid=1", "", 0, 0));
  EXPECT_EQ(answer->status, 200);
}

TEST(EdgeHub, goesWithItsEdge) {
  Site site;
  const auto wire = online(site);
  EXPECT_EQ(Json::parse(site.ask("GET", "/devices/edge1/modules/$edgeHub").json)["connectionState"], "Connected");
  site.ask("PUT", "/devices/edge1", R"({"status":"disabled"})");
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(connect(site, site.token(kResource, Site::kEdgeHubKey, ""))->hears(), "CONNACK(5)");
  site.ask("PUT", "/devices/edge1", R"({"status":"enabled"})");
  const auto again = online(site);
  EXPECT_EQ(site.ask("DELETE", "/devices/edge1").status, 204);
  EXPECT_TRUE(again->closed);
  EXPECT_EQ(site.ask("GET", "/twins/edge1/modules/$edgeHub").status, 404);
}

}  // namespace
}  // namespace spheregate::hubsim
