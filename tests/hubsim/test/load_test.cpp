#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "site.hpp"

// Rates, quotas and poison: what the hub does with more than it wants, and how a test sees it.
namespace spheregate::hubsim {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

Json stats(Site& site) { return Json::parse(site.ask("GET", "/stats").json); }

TEST(Tier, givesEveryUnitItsShare) {
  const auto limits = [](Tier tier, std::uint32_t units) {
    const TierLimits made = limitsOf(tier, units);
    return std::vector<std::uint32_t>{made.connects, made.messages, made.twinReads, made.twinUpdates};
  };
  using Limits = std::vector<std::uint32_t>;
  EXPECT_EQ(limits(Tier::none, 1), (Limits{0, 0, 0, 0}));
  EXPECT_EQ(limits(Tier::s1, 1), (Limits{100, 100, 100, 50}));
  EXPECT_EQ(limits(Tier::s1, 8), (Limits{100, 100, 100, 50}));
  EXPECT_EQ(limits(Tier::s1, 9), (Limits{108, 108, 100, 50}));
  EXPECT_EQ(limits(Tier::s1, 200), (Limits{2400, 2400, 100, 50}));
  EXPECT_EQ(limits(Tier::s2, 1), (Limits{120, 120, 100, 50}));
  EXPECT_EQ(limits(Tier::s2, 20), (Limits{2400, 2400, 200, 100}));
  EXPECT_EQ(limits(Tier::s3, 1), (Limits{6000, 6000, 500, 250}));
  EXPECT_EQ(limits(Tier::s3, 10), (Limits{60000, 60000, 5000, 2500}));
}

TEST(Tier, countsWhatItThrottles) {
  Site site;
  const Json none{{"connect", 0}, {"message", 0}, {"twin_read", 0}, {"twin_update", 0}};
  EXPECT_EQ(stats(site)["throttled"], none);
  EXPECT_TRUE(site.rule(R"({"tier":"S1"})"));
  std::shared_ptr<FakeWire> pump;
  for (int i = 0; i < 100; ++i) pump = site.online("pump");
  EXPECT_EQ(pump->hears(), "CONNACK(0)");
  EXPECT_EQ(stats(site)["throttled"], none);
  EXPECT_EQ(site.online("valve")->hears(), "CONNACK(3)");
  site.pass(10ms);
  EXPECT_EQ(site.online("valve")->hears(), "CONNACK(0)");
  for (int i = 0; i < 51; ++i) pump->says(publishPacket("$iothub/twin/PATCH/properties/reported/?$rid=1", "{}", 0, 0));
  for (int i = 0; i < 102; ++i) pump->says(publishPacket("$iothub/twin/GET/?$rid=1", "", 0, 0));
  for (int i = 0; i < 100; ++i) pump->says(telemetry("pump", 1));
  EXPECT_FALSE(pump->closed);
  pump->says(telemetry("pump", 1));
  EXPECT_TRUE(pump->closed);
  const Json all = stats(site);
  EXPECT_EQ(all["throttled"], (Json{{"connect", 1}, {"message", 1}, {"twin_read", 2}, {"twin_update", 1}}));
  EXPECT_EQ(all["connects"], 102);
  EXPECT_EQ(all["connects_accepted"], 101);
  EXPECT_EQ(all["connects_refused"], (Json{{"throttled", 1}}));
  EXPECT_EQ(all["messages"], 100);
}

TEST(ConnectLog, showsWhenEachConnectCameAndWhatBecameOfIt) {
  Site site;
  site.online("pump");
  site.pass(1500ms);
  site.online("nobody");
  const auto broken = site.dial();
  broken->says({0x10, 2, 0, 0});
  const auto wrongWill = site.dial();
  wrongWill->says(connectPacket("pump", {.username = {},
                                         .password = site.token("hub.test", Site::kGatewayKey, "gateway"),
                                         .will = mqtt::Will{.topic = "devices/valve/messages/events/"}}));
  const Json all = Json::parse(site.ask("GET", "/connects").json);
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0], (Json{{"index", 0}, {"seconds", 0.0}, {"device", "pump"}, {"result", "accepted"}}));
  EXPECT_EQ(all[1], (Json{{"index", 1}, {"seconds", 1.5}, {"device", "nobody"}, {"result", "unknown_device"}}));
  EXPECT_EQ(all[2]["result"], "malformed");
  EXPECT_EQ(all[3]["result"], "bad_will");
  EXPECT_EQ(stats(site)["connects"], 4);
  const Json some = Json::parse(site.ask("GET", "/connects?from=1&limit=2").json);
  ASSERT_EQ(some.size(), 2u);
  EXPECT_EQ(some[1]["index"], 2);
  EXPECT_EQ(site.ask("GET", "/connects?from=x").status, 400);
  EXPECT_EQ(site.ask("PUT", "/connects").status, 405);
  site.ask("POST", "/reset");
  EXPECT_EQ(site.ask("GET", "/connects").json, "[]\n");
}

TEST(ConnectLog, forgetsTheOldestAndCutsWhatIsLong) {
  ConnectLog log{base::MonoTime{}};
  const std::string novel(5000, 'x');
  for (std::size_t i = 0; i < kLoggedConnectsMax + 5; ++i) log.add(base::MonoTime{}, novel, "accepted");
  const Json all = Json::parse(log.json(0, 1));
  EXPECT_EQ(all[0]["index"], 5);
  EXPECT_EQ(all[0]["device"].get<std::string>().size(), kLoggedIdBytesMax);
  EXPECT_EQ(log.json(kLoggedConnectsMax + 5, 1), "[]\n");
}

TEST(Poison, closesTheConnectionInsteadOfTakingTheMessage) {
  Site site;
  EXPECT_TRUE(site.fault(R"({"poison_property":"poi son"})"));
  auto pump = site.online("pump");
  pump->hears();
  pump->says(telemetry("pump", 1, "x", "a=1") + telemetry("pump", 2, "x", "a=1&poi%20son=") + telemetry("pump", 3));
  EXPECT_EQ(pump->hears(), "PUBACK(1)");
  EXPECT_TRUE(pump->closed);
  pump = site.online("pump");
  pump->says(publishPacket("devices/pump/messages/events/poi%20son", "x", 0, 0));
  EXPECT_TRUE(pump->closed);
  EXPECT_EQ(stats(site)["poisoned"], 2);
  EXPECT_EQ(stats(site)["messages"], 1);
  EXPECT_EQ(site.closes("poisoned"), 2u);
  EXPECT_TRUE(site.fault(R"({"poison_property":""})"));
  pump = site.online("pump");
  pump->says(telemetry("pump", 1, "x", "poi%20son") + telemetry("pump", 2, "x", "=1"));
  EXPECT_FALSE(pump->closed);
  for (const char* wrong : {R"({"poison_property":7})", R"({"poison_property":null})"}) EXPECT_FALSE(site.fault(wrong));
  EXPECT_FALSE(site.fault("{\"poison_property\":\"" + std::string(1025, 'x') + "\"}"));
}

TEST(Quota, closesEveryMessageAndLeavesTheRest) {
  Site site;
  EXPECT_TRUE(site.fault(R"({"quota_exceeded":true})"));
  auto pump = site.listening("pump", {"$iothub/twin/res/#"});
  pump->says(publishPacket("$iothub/twin/PATCH/properties/reported/?$rid=1", "{}", 0, 0));
  EXPECT_EQ(pump->hears(), "PUBLISH($iothub/twin/res/204/?$rid=1&$version=2)");
  pump->says(telemetry("pump", 1));
  EXPECT_EQ(pump->hears(), "");
  EXPECT_TRUE(pump->closed);
  EXPECT_EQ(site.closes("quota_exceeded"), 1u);
  EXPECT_EQ(stats(site)["messages"], 0);
}

}  // namespace
}  // namespace spheregate::hubsim
