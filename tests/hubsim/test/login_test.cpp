#include <gtest/gtest.h>

#include "site.hpp"

namespace spheregate::hubsim {
namespace {

constexpr auto kGatewayKey = Site::kGatewayKey;
constexpr auto kDeviceKey = Site::kDeviceKey;

// Connects `device` with a password and says what the hub answered and whether it closed.
std::string answerTo(Site& site, std::string_view device, const std::string& password) {
  const auto wire = site.dial();
  wire->says(connectPacket(device, {.username = {}, .password = password, .will = {}}));
  const std::string heard = wire->hears();
  return heard + (wire->closed ? " closed" : "");
}

std::string answerToUsername(Site& site, const std::string& clientId, const std::string& username) {
  const auto wire = site.dial();
  wire->says(
      connectPacket(clientId, {.username = username, .password = site.token("hub.test", kGatewayKey, "gateway"), .will = {}}));
  return wire->hears() + (wire->closed ? " closed" : "");
}

TEST(Login, letsADeviceInWithATokenOfItsOwnKey) {
  Site site;
  EXPECT_EQ(answerTo(site, "pump", site.token("hub.test/devices/pump", kDeviceKey, "")), "CONNACK(0)");
  EXPECT_EQ(site.hub.statistics().connectsAccepted, 1u);
  EXPECT_EQ(site.hub.connected(), 1u);
}

TEST(Login, letsEveryEnabledDeviceInWithATokenOfAPolicy) {
  Site site;
  EXPECT_EQ(answerTo(site, "valve", site.token("hub.test", kGatewayKey, "gateway")), "CONNACK(0)");
  EXPECT_EQ(answerTo(site, "valve", site.token("HUB.test/devices/valve", kGatewayKey, "gateway")), "CONNACK(0)");
  EXPECT_EQ(answerTo(site, "pump", site.token("localhost/devices", kGatewayKey, "gateway")), "CONNACK(0)");
  EXPECT_EQ(site.refused("wrong_audience"), 0u);
}

TEST(Login, refusesATokenForAnotherAudience) {
  Site site;
  for (const char* resource : {"hub.test", "hub.test/devices", "hub.test/devices/valve", "hub.test/devices/pum",
                               "other/devices/pump", "hub.test/devices/pump/modules/m", "hub.test/modules/pump"})
    EXPECT_EQ(answerTo(site, "pump", site.token(resource, kDeviceKey, "")), "CONNACK(5) closed") << resource;
  EXPECT_EQ(answerTo(site, "pump", site.token("hub.test/devices/pum", kGatewayKey, "gateway")), "CONNACK(5) closed");
  EXPECT_EQ(answerTo(site, "pump", site.token("hub.tes", kGatewayKey, "gateway")), "CONNACK(5) closed");
  EXPECT_EQ(site.refused("wrong_audience"), 9u);
  EXPECT_EQ(site.hub.connected(), 0u);
}

TEST(Login, refusesASignatureOfAnotherKey) {
  Site site;
  EXPECT_EQ(answerTo(site, "pump", site.token("hub.test/devices/pump", kGatewayKey, "")), "CONNACK(5) closed");
  EXPECT_EQ(answerTo(site, "pump", site.token("hub.test/devices/pump", kDeviceKey, "gateway")), "CONNACK(5) closed");
  // A device without a key of its own has nothing to sign with.
  EXPECT_EQ(answerTo(site, "valve", site.token("hub.test/devices/valve", kDeviceKey, "")), "CONNACK(5) closed");
  EXPECT_EQ(site.refused("bad_signature"), 3u);
}

TEST(Login, refusesAnExpiredTokenFromTheSecondItExpires) {
  Site site;
  EXPECT_EQ(answerTo(site, "pump", site.token("hub.test/devices/pump", kDeviceKey, "", 0)), "CONNACK(5) closed");
  EXPECT_EQ(answerTo(site, "pump", site.token("hub.test/devices/pump", kDeviceKey, "", 1)), "CONNACK(0)");
  EXPECT_EQ(site.refused("expired"), 1u);
}

TEST(Login, refusesAPolicyNobodyKnowsAndAPasswordThatIsNoToken) {
  Site site;
  EXPECT_EQ(answerTo(site, "pump", site.token("hub.test", kGatewayKey, "admin")), "CONNACK(5) closed");
  EXPECT_EQ(answerTo(site, "pump", "secret"), "CONNACK(5) closed");
  EXPECT_EQ(answerTo(site, "pump", ""), "CONNACK(5) closed");
  EXPECT_EQ(site.refused("unknown_policy"), 1u);
  EXPECT_EQ(site.refused("bad_token"), 1u);
  EXPECT_EQ(site.refused("no_credentials"), 1u);
}

TEST(Login, refusesDevicesThatAreUnknownOrDisabled) {
  Site site;
  const std::string token = site.token("hub.test", kGatewayKey, "gateway");
  EXPECT_EQ(answerTo(site, "stranger", token), "CONNACK(5) closed");
  EXPECT_EQ(answerTo(site, "scrapped", token), "CONNACK(5) closed");
  EXPECT_EQ(site.refused("unknown_device"), 1u);
  EXPECT_EQ(site.refused("disabled"), 1u);
}

TEST(Login, judgesTheUsername) {
  Site site;
  EXPECT_EQ(answerToUsername(site, "pump", "localhost/pump/?api-version=2021-04-12&model-id=x"), "CONNACK(0)");
  EXPECT_EQ(answerToUsername(site, "pump", "gateway.plant.example/pump/?api-version=2021-04-12"), "CONNACK(5) closed");
  EXPECT_EQ(answerToUsername(site, "valve", "hub.test/pump/?api-version=2021-04-12"), "CONNACK(5) closed");
  EXPECT_EQ(answerToUsername(site, "Pump", "hub.test/pump/?api-version=2021-04-12"), "CONNACK(5) closed");
  EXPECT_EQ(answerToUsername(site, "pump", "nonsense"), "CONNACK(5) closed");
  EXPECT_EQ(answerToUsername(site, "pump/m", "hub.test/pump/m/?api-version=2021-04-12"), "CONNACK(5) closed");
  EXPECT_EQ(site.refused("wrong_hub"), 1u);
  EXPECT_EQ(site.refused("client_id_mismatch"), 2u);
  EXPECT_EQ(site.refused("bad_username"), 1u);
  EXPECT_EQ(site.refused("unknown_module"), 1u);
}

TEST(Login, judgesACertificateWhenThereIsNoPassword) {
  using Standing = ClientCertificate::Standing;
  Site site;
  const auto connect = [&](const ClientCertificate& certificate) {
    const auto wire = site.dial(certificate);
    wire->says(connectPacket("valve", {.username = {}, .password = "", .will = {}}));
    return wire->hears();
  };
  EXPECT_EQ(connect({Standing::trusted, "valve", ""}), "CONNACK(0)");
  EXPECT_EQ(connect({Standing::trusted, "pump", ""}), "CONNACK(5)");
  EXPECT_EQ(connect({Standing::untrusted, "valve", "self-signed"}), "CONNACK(5)");
  EXPECT_EQ(site.refused("certificate_name"), 1u);
  EXPECT_EQ(site.refused("untrusted_certificate"), 1u);
}

TEST(Login, takesThePasswordWhenThereIsACertificateToo) {
  Site site;
  const auto wire = site.dial({ClientCertificate::Standing::trusted, "pump", ""});
  wire->says(connectPacket("pump", {.username = {}, .password = "wrong", .will = {}}));
  EXPECT_EQ(wire->hears(), "CONNACK(5)");
}

TEST(Registry, acceptsUnknownDevicesOnlyWhenToldSo) {
  Site site;
  const Registry open = *parseRegistry("{hub: h, accept_unknown_devices: true}", "r");
  const Registry shut = *parseRegistry("{hub: h}", "r");
  const std::string username = "h/any/?api-version=2021-04-12";
  mqtt::Connect connect;
  connect.clientId = "any";
  connect.username = username;
  const ClientCertificate certificate{ClientCertificate::Standing::trusted, "any", ""};
  EXPECT_TRUE(std::holds_alternative<Login>(judgeLogin(connect, certificate, open, site.clock.utc)));
  EXPECT_EQ(std::get<Refusal>(judgeLogin(connect, certificate, shut, site.clock.utc)), Refusal::unknownDevice);
}

TEST(Registry, saysWhereItIsWrong) {
  EXPECT_EQ(parseRegistry("hub: h\nkeys: []\n", "r.yaml").error(), "r.yaml:2:1: unknown key 'keys'");
  for (const char* wrong :
       {"", "[]", "hub: [", "policies: []", "{hub: h, devices: [{id: 'a/b'}]}", "{hub: h, devices: [{id: a, key: '*'}]}",
        "{hub: h, devices: [{id: a}, {id: a}]}", "{hub: h, devices: [{id: a, status: off}]}", "{hub: h, policies: [{name: p}]}",
        "{hub: h, accept_unknown_devices: 7}", "{hub: h, devices: {id: a}}"})
    EXPECT_FALSE(parseRegistry(wrong, "r").has_value()) << wrong;
}

}  // namespace
}  // namespace spheregate::hubsim
