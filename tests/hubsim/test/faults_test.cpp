#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "hubsim/control.hpp"
#include "site.hpp"

namespace spheregate::hubsim {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

TEST(Faults, refusesWhatItDoesNotKnowAndChangesNothing) {
  Site site;
  for (const char* wrong : {"[]", "{\"outrage\":true}", "{\"outage\":1}", "{\"puback_loss\":1.5}", "{\"puback_loss\":-0.1}",
                            "{\"puback_delay_ms\":-1}", "{\"puback_delay_ms\":1.5}", "{\"refuse_connack\":6}",
                            "{\"puback_delay_ms\":5,\"close_every_messages\":99999999999}"})
    EXPECT_FALSE(site.fault(wrong)) << wrong;
  EXPECT_EQ(site.hub.faults(), Faults{});
}

TEST(Faults, mergesOneChangeAfterTheOther) {
  Site site;
  EXPECT_TRUE(site.fault(R"({"puback_delay_ms":20})"));
  EXPECT_TRUE(site.fault(R"({"puback_loss":0.5,"seed":18446744073709551615})"));
  EXPECT_EQ(site.hub.faults().pubackDelayMs, 20u);
  EXPECT_EQ(site.hub.faults().pubackLoss, 0.5);
  EXPECT_EQ(site.hub.faults().seed, 18446744073709551615u);
}

TEST(Faults, outageClosesEverythingAndTakesNobodyIn) {
  Site site;
  const auto pump = site.online("pump");
  const auto half = site.dial();
  EXPECT_TRUE(site.fault(R"({"outage":true})"));
  EXPECT_TRUE(pump->closed);
  EXPECT_TRUE(half->closed);
  EXPECT_FALSE(site.hub.acceptsConnections());
  EXPECT_TRUE(site.fault(R"({"outage":false})"));
  EXPECT_TRUE(site.hub.acceptsConnections());
  EXPECT_EQ(site.closes("outage"), 2u);
}

TEST(Faults, pubacksComeLateAndInOrder) {
  Site site;
  const auto wire = site.online("pump");
  wire->hears();
  EXPECT_TRUE(site.fault(R"({"puback_delay_ms":500})"));
  wire->says(telemetry("pump", 1));
  site.pass(100ms);
  EXPECT_TRUE(site.fault(R"({"puback_delay_ms":0})"));
  wire->says(telemetry("pump", 2) + telemetry("pump", 3));
  EXPECT_EQ(wire->hears(), "");
  EXPECT_EQ(Json::parse(site.hub.archive().json({}, 0, 1))[0]["acknowledged"], false);
  site.pass(399ms);
  EXPECT_EQ(wire->hears(), "");
  site.pass(1ms);
  EXPECT_EQ(wire->hears(), "PUBACK(1) PUBACK(2) PUBACK(3)");
  wire->says(telemetry("pump", 4));
  EXPECT_EQ(wire->hears(), "PUBACK(4)");
}

TEST(Faults, pubacksOwedToAClosedConnectionAreNeverCounted) {
  Site site;
  const auto wire = site.online("pump");
  EXPECT_TRUE(site.fault(R"({"puback_delay_ms":500})"));
  wire->says(telemetry("pump", 1));
  wire->hangsUp();
  site.pass(1s);
  EXPECT_EQ(site.hub.statistics().pubacks, 0u);
}

TEST(Faults, lostPubacksAreTheSameForTheSameSeed) {
  const auto run = [](const char* seed) {
    Site site;
    const auto wire = site.online("pump");
    wire->hears();
    EXPECT_TRUE(site.fault(std::string{R"({"puback_loss":0.5,"seed":)"} + seed + "}"));
    for (mqtt::PacketId id = 1; id <= 200; ++id) wire->says(telemetry("pump", id));
    EXPECT_EQ(site.hub.statistics().pubacks + site.hub.statistics().pubacksLost, 200u);
    EXPECT_GT(site.hub.statistics().pubacksLost, 60u);
    EXPECT_LT(site.hub.statistics().pubacksLost, 140u);
    EXPECT_EQ(site.hub.archive().size(), 200u);
    return wire->hears();
  };
  EXPECT_EQ(run("7"), run("7"));
  EXPECT_NE(run("7"), run("8"));
}

TEST(Faults, closesWhereAPubackWasDue) {
  Site site;
  const auto wire = site.online("pump");
  wire->hears();
  EXPECT_TRUE(site.fault(R"({"close_instead_of_puback":1,"puback_delay_ms":10})"));
  wire->says(telemetry("pump", 1) + telemetry("pump", 2));
  EXPECT_FALSE(wire->closed);
  site.pass(10ms);
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(wire->hears(), "");
  EXPECT_EQ(site.hub.archive().size(), 2u);
}

TEST(Faults, closesAtTheNthMessageRecordedButNotAcknowledged) {
  Site site;
  const auto wire = site.online("pump");
  wire->hears();
  EXPECT_TRUE(site.fault(R"({"close_every_messages":3})"));
  wire->says(telemetry("pump", 1) + telemetry("pump", 2) + telemetry("pump", 3) + telemetry("pump", 4));
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(wire->hears(), "PUBACK(1) PUBACK(2)");
  EXPECT_EQ(site.hub.archive().size(), 3u);
}

TEST(Faults, refusesConnectsWithTheCodeAskedFor) {
  Site site;
  EXPECT_TRUE(site.fault(R"({"refuse_connack":2})"));
  EXPECT_EQ(site.online("pump")->hears(), "CONNACK(2)");
  EXPECT_EQ(site.refused("fault"), 1u);
}

TEST(Faults, throttlesConnectsOfTheWholeHub) {
  Site site;
  EXPECT_TRUE(site.fault(R"({"connects_per_second":2})"));
  EXPECT_EQ(site.online("pump")->hears(), "CONNACK(0)");
  EXPECT_EQ(site.online("valve")->hears(), "CONNACK(0)");
  EXPECT_EQ(site.online("pump")->hears(), "CONNACK(3)");
  EXPECT_EQ(site.refused("throttled"), 1u);
  site.pass(500ms);
  EXPECT_EQ(site.online("pump")->hears(), "CONNACK(0)");
}

TEST(Faults, throttlesMessagesByClosingTheSender) {
  Site site;
  const auto wire = site.online("pump");
  wire->hears();
  EXPECT_TRUE(site.fault(R"({"messages_per_second":2})"));
  wire->says(telemetry("pump", 1) + telemetry("pump", 2) + telemetry("pump", 3));
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(wire->hears(), "PUBACK(1) PUBACK(2)");
  EXPECT_EQ(site.hub.archive().size(), 2u);
  EXPECT_EQ(site.closes("throttled"), 1u);
}

TEST(Faults, shortensTheLifeOfTokens) {
  Site site;
  EXPECT_TRUE(site.fault(R"({"token_life_seconds":5})"));
  const auto wire = site.online("pump");
  site.pass(4999ms);
  EXPECT_FALSE(wire->closed);
  site.pass(1ms);
  EXPECT_TRUE(wire->closed);
}

TEST(Faults, readsNoFasterThanTold) {
  Site site;
  const auto wire = site.online("pump", 1);
  const base::Bytes message = telemetry("pump", 1);
  EXPECT_TRUE(site.fault(R"({"read_bytes_per_second":)" + std::to_string(message.size()) + "}"));
  EXPECT_FALSE(wire->paused);
  wire->says(message + message + message);
  EXPECT_TRUE(wire->paused);
  site.pass(2999ms);
  EXPECT_TRUE(wire->paused);
  EXPECT_FALSE(wire->closed);  // a hub that does not listen must not complain of silence
  site.pass(1ms);
  EXPECT_FALSE(wire->paused);
}

TEST(Control, showsMessagesByDeviceAndPage) {
  Site site;
  const auto pump = site.online("pump");
  const auto valve = site.online("valve");
  for (mqtt::PacketId id = 1; id <= 4; ++id) {
    pump->says(telemetry("pump", id));
    valve->says(telemetry("valve", id));
  }
  const auto page = Json::parse(answerControl(site.hub, "GET", "/messages?device=valve&from=2&limit=2", "").json);
  ASSERT_EQ(page.size(), 2u);
  EXPECT_EQ(page[0]["index"], 3);
  EXPECT_EQ(page[1]["index"], 5);
  EXPECT_EQ(page[1]["connection"], 2);
  EXPECT_EQ(answerControl(site.hub, "GET", "/messages?from=x", "").status, 400);
}

TEST(Control, showsStatisticsAndForgetsThemOnReset) {
  Site site;
  const auto pump = site.online("pump");
  pump->says(telemetry("pump", 1, "12345"));
  site.dial()->says(connectPacket("pump", {.username = {}, .password = "x", .will = {}}));
  Json stats = Json::parse(answerControl(site.hub, "GET", "/stats", "").json);
  EXPECT_EQ(stats["messages"], 1);
  EXPECT_EQ(stats["payload_bytes"], 5);
  EXPECT_EQ(stats["pubacks"], 1);
  EXPECT_EQ(stats["connections"], 1);
  EXPECT_EQ(stats["connects_refused"]["bad_token"], 1);
  EXPECT_EQ(answerControl(site.hub, "POST", "/reset", "").status, 200);
  stats = Json::parse(answerControl(site.hub, "GET", "/stats", "").json);
  EXPECT_EQ(stats["messages"], 0);
  EXPECT_EQ(stats["connections"], 1);
  EXPECT_EQ(stats["connects_refused"], Json::object());
  pump->says(telemetry("pump", 2));
  EXPECT_EQ(Json::parse(answerControl(site.hub, "GET", "/messages", "").json)[0]["index"], 0);
}

TEST(Control, showsConnectionsOpenAndClosed) {
  Site site;
  const auto first = site.online("pump", 30, false);
  const auto second = site.online("pump", 60);
  const auto visits = Json::parse(answerControl(site.hub, "GET", "/connections?device=pump", "").json);
  ASSERT_EQ(visits.size(), 2u);
  EXPECT_EQ(visits[0]["open"], false);
  EXPECT_EQ(visits[0]["closed"], "takeover");
  EXPECT_EQ(visits[0]["keep_alive"], 30);
  EXPECT_EQ(visits[0]["clean_session"], false);
  EXPECT_EQ(visits[1]["open"], true);
  EXPECT_EQ(visits[1]["username"], "hub.test/pump/?api-version=2021-04-12");
  EXPECT_EQ(visits[1]["client_id"], "pump");
  EXPECT_EQ(visits[1]["token_resource"], "hub.test");
  EXPECT_EQ(visits[1]["policy"], "gateway");
  EXPECT_EQ(visits[1]["token_expires"], 1'700'086'400);
}

TEST(Control, dropsOneDeviceOrAll) {
  Site site;
  const auto pump = site.online("pump");
  const auto valve = site.online("valve");
  EXPECT_EQ(Json::parse(answerControl(site.hub, "POST", "/drop?device=pump", "").json)["dropped"], 1);
  EXPECT_TRUE(pump->closed);
  EXPECT_FALSE(valve->closed);
  EXPECT_EQ(Json::parse(answerControl(site.hub, "POST", "/drop", "").json)["dropped"], 1);
  EXPECT_TRUE(valve->closed);
}

TEST(Control, saysWhatItDoesNotKnow) {
  Site site;
  EXPECT_EQ(answerControl(site.hub, "GET", "/nothing", "").status, 404);
  EXPECT_EQ(answerControl(site.hub, "GET", "/reset", "").status, 405);
  EXPECT_EQ(answerControl(site.hub, "PUT", "/faults", "{").status, 400);
  EXPECT_EQ(answerControl(site.hub, "PUT", "/faults", "{\"x\":1}").status, 400);
  EXPECT_EQ(answerControl(site.hub, "GET", "/messages?device=%zz", "").status, 400);
  EXPECT_EQ(Json::parse(answerControl(site.hub, "PUT", "/faults", R"({"puback_delay_ms":3})").json)["puback_delay_ms"], 3);
  EXPECT_EQ(Json::parse(answerControl(site.hub, "GET", "/faults", "").json)["puback_delay_ms"], 3);
}

TEST(Archive, forgetsTheOldestAndCountsThem) {
  Site site{3};
  const auto wire = site.online("pump");
  EXPECT_TRUE(site.fault(R"({"puback_delay_ms":10})"));
  for (mqtt::PacketId id = 1; id <= 5; ++id) wire->says(telemetry("pump", id, std::to_string(id)));
  site.pass(10ms);  // acknowledges forgotten ones too
  const auto messages = Json::parse(site.hub.archive().json({}, 0, 100));
  ASSERT_EQ(messages.size(), 3u);
  EXPECT_EQ(messages[0]["index"], 2);
  EXPECT_EQ(messages[0]["acknowledged"], true);
  EXPECT_EQ(site.hub.archive().forgotten(), 2u);
}

TEST(Archive, keepsNothingWhenToldSo) {
  Site site{0};
  const auto wire = site.online("pump");
  wire->hears();
  wire->says(telemetry("pump", 1));
  EXPECT_EQ(wire->hears(), "PUBACK(1)");
  EXPECT_EQ(site.hub.statistics().messages, 1u);
  EXPECT_EQ(site.hub.archive().size(), 0u);
  EXPECT_EQ(site.hub.archive().json({}, 0, 10), "[]\n");
}

}  // namespace
}  // namespace spheregate::hubsim
