#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "site.hpp"

namespace spheregate::hubsim {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

const std::string kMethods = "$iothub/methods/POST/#";

std::shared_ptr<HttpAnswer> call(Site& site, const std::string& body) {
  return site.asked("POST", "/twins/pump/methods?api-version=2021-04-12", body);
}

base::Bytes answer(const std::string& statusAndRid, const std::string& payload) {
  return publishPacket("$iothub/methods/res/" + statusAndRid, payload, 0, 0);
}

int errorCode(const HttpAnswer& answer) { return Json::parse(answer.json)["errorCode"].get<int>(); }

TEST(Method, waitsForTheAnswerOfTheDevice) {
  Site site;
  const auto wire = site.listening("pump", {kMethods});
  const auto first = call(site, R"({"methodName":"blink","payload":{"times":3},"responseTimeoutInSeconds":10})");
  const auto second = call(site, R"({"methodName":"stop"})");
  EXPECT_EQ(wire->hears(),
            R"(PUBLISH($iothub/methods/POST/blink/?$rid=1 {"times":3}) PUBLISH($iothub/methods/POST/stop/?$rid=2))");
  wire->says(publishPacket("$iothub/methods/res/-5/?$rid=2", "", 8) + answer("200/?$rid=1", R"({"done":[1,null]})"));
  EXPECT_EQ(wire->hears(), "PUBACK(8)");
  EXPECT_EQ(first->status, 200);
  EXPECT_EQ(Json::parse(first->json), Json::parse(R"({"status":200,"payload":{"done":[1,null]}})"));
  EXPECT_EQ(Json::parse(second->json), Json::parse(R"({"status":-5,"payload":null})"));
  wire->says(answer("200/?$rid=1", "{}"));
  EXPECT_EQ(site.hub.statistics().withoutEffect, 1u);
}

TEST(Method, needsADeviceThatIsThereAndSubscribed) {
  Site site;
  EXPECT_EQ(errorCode(*call(site, R"({"methodName":"m"})")), 404103);
  site.online("pump");
  const auto unsubscribed = call(site, R"({"methodName":"m"})");
  EXPECT_EQ(unsubscribed->status, 404);
  EXPECT_EQ(errorCode(*unsubscribed), 404103);
  EXPECT_EQ(site.ask("POST", "/twins/stranger/methods", R"({"methodName":"m"})").status, 404);
}

TEST(Method, waitsForTheDeviceToComeAsLongAsTold) {
  Site site;
  const auto late = call(site, R"({"methodName":"m","connectTimeoutInSeconds":10})");
  site.pass(9s);
  EXPECT_EQ(late->status, 0);
  const auto wire = site.online("pump");
  wire->says(subscribePacket({kMethods}));
  EXPECT_EQ(wire->hears(), "CONNACK(0) SUBACK(1:1) PUBLISH($iothub/methods/POST/m/?$rid=1)");
  site.pass(29s);
  EXPECT_EQ(late->status, 0);
  site.pass(1s);
  EXPECT_EQ(late->status, 504);
  wire->hangsUp();
  const auto never = call(site, R"({"methodName":"m","connectTimeoutInSeconds":10})");
  site.pass(10s);
  EXPECT_EQ(errorCode(*never), 404103);
}

TEST(Method, timesOutAndPassesOverTheLateAnswer) {
  Site site;
  const auto wire = site.listening("pump", {kMethods});
  const auto asked = call(site, R"({"methodName":"m","responseTimeoutInSeconds":5})");
  site.pass(5s);
  EXPECT_EQ(asked->status, 504);
  EXPECT_EQ(errorCode(*asked), 504101);
  wire->says(answer("200/?$rid=1", "{}"));
  EXPECT_FALSE(wire->closed);
  EXPECT_EQ(asked->status, 504);
}

TEST(Method, isNotAskedTwiceWhenTheDeviceComesBack) {
  Site site;
  site.listening("pump", {kMethods});
  const auto asked = call(site, R"({"methodName":"m"})");
  const auto wire = site.online("pump");
  wire->says(subscribePacket({kMethods}));
  EXPECT_EQ(wire->hears(), "CONNACK(0) SUBACK(1:1)");
  site.pass(30s);
  EXPECT_EQ(asked->status, 504);
}

TEST(Method, takesNoAnswerFromAnotherDeviceNorNonsense) {
  Site site;
  const auto wire = site.listening("pump", {kMethods});
  const auto valve = site.online("valve");
  const auto asked = call(site, R"({"methodName":"m"})");
  valve->says(answer("200/?$rid=1", "{}"));
  wire->says(answer("two/?$rid=1", "{}") + answer("200/?$rid=01", "{}") + answer("200/?rid=1", "{}") +
             answer("200/?$rid=" + std::string(30'000, '1'), "{}") + answer("99999999999999999999/?$rid=1", ""));
  EXPECT_FALSE(wire->closed);
  EXPECT_EQ(asked->status, 0);
  EXPECT_EQ(site.hub.statistics().withoutEffect, 6u);
  wire->says(answer("200/?$rid=1", "{not json"));
  EXPECT_EQ(asked->status, 500);
  const auto deep = call(site, R"({"methodName":"m"})");
  wire->says(answer("200/?$rid=2", std::string(100'000, '[')));
  EXPECT_EQ(deep->status, 500);
  const auto large = call(site, R"({"methodName":"m"})");
  wire->says(answer("200/?$rid=3", "\"" + std::string(128 * 1024, 'x') + "\""));
  EXPECT_EQ(large->status, 500);
}

TEST(Method, reachesTheCallerLateWhenAFaultSaysSo) {
  Site site;
  const auto wire = site.listening("pump", {kMethods});
  EXPECT_TRUE(site.fault(R"({"method_delay_ms":700})"));
  const auto asked = call(site, R"({"methodName":"m"})");
  wire->says(answer("200/?$rid=1", "{}") + answer("201/?$rid=1", "{}"));
  site.pass(699ms);
  EXPECT_EQ(asked->status, 0);
  site.pass(1ms);
  EXPECT_EQ(Json::parse(asked->json)["status"], 200);
}

TEST(Method, refusesACallThatIsNone) {
  Site site;
  site.listening("pump", {kMethods});
  for (const std::string& wrong :
       {std::string{}, std::string{"[]"}, std::string{"{}"}, std::string{R"({"methodName":""})"},
        std::string{R"({"methodName":7})"}, std::string{R"({"methodName":"a/b"})"}, std::string{R"({"methodName":"a+"})"},
        std::string{R"({"methodName":"#"})"}, std::string{R"({"methodName":"ä"})"},
        R"({"methodName":")" + std::string(101, 'm') + R"("})", std::string{R"({"methodName":"m","responseTimeoutInSeconds":4})"},
        std::string{R"({"methodName":"m","responseTimeoutInSeconds":301})"},
        std::string{R"({"methodName":"m","connectTimeoutInSeconds":-1})"},
        std::string{R"({"methodName":"m","connectTimeoutInSeconds":"1"})"}})
    EXPECT_EQ(call(site, wrong)->status, 400) << wrong;
  EXPECT_EQ(call(site, R"({"methodName":"m","payload":")" + std::string(128 * 1024, 'x') + R"("})")->status, 413);
  EXPECT_EQ(site.hub.statistics().methodRequests, 0u);
}

TEST(Method, waitsForAThousandCallsAtMost) {
  Site site;
  site.listening("pump", {kMethods});
  std::vector<std::shared_ptr<HttpAnswer>> calls;
  for (int i = 0; i < 1000; ++i) calls.push_back(call(site, R"({"methodName":"m"})"));
  EXPECT_EQ(call(site, R"({"methodName":"m"})")->status, 429);
  EXPECT_EQ(site.ask("DELETE", "/devices/pump").status, 204);
  for (const auto& asked : calls) EXPECT_EQ(asked->status, 404);
}

}  // namespace
}  // namespace spheregate::hubsim
