#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "site.hpp"

namespace spheregate::hubsim {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;

const std::string kAnswers = "$iothub/twin/res/#";
const std::string kDesired = "$iothub/twin/PATCH/properties/desired/#";

base::Bytes get(const std::string& rid) { return publishPacket("$iothub/twin/GET/?$rid=" + rid, "", 0, 0); }
base::Bytes report(const std::string& ridAndMore, const std::string& patch) {
  return publishPacket("$iothub/twin/PATCH/properties/reported/?$rid=" + ridAndMore, patch, 0, 0);
}
Json patchTwin(Site& site, const std::string& body, std::string_view method = "PATCH") {
  return Json::parse(site.ask(method, "/twins/pump?api-version=2021-04-12", body).json);
}

// The topic of the one answer, which is an error, and its code.
std::string errorIn(const std::string& heard) {
  const std::size_t brace = heard.find(" {");
  if (brace == std::string::npos) return heard;
  const Json body = Json::parse(heard.substr(brace + 1, heard.size() - brace - 2));
  return heard.substr(0, brace) + " " + std::to_string(body["errorCode"].get<int>());
}

TEST(Twin, isReadByTheDevice) {
  Site site;
  const auto wire = site.listening("pump", {kAnswers});
  wire->says(get("7"));
  EXPECT_EQ(wire->hears(), R"(PUBLISH($iothub/twin/res/200/?$rid=7 {"desired":{"$version":1},"reported":{"$version":1}}))");
  wire->says(publishPacket("$iothub/twin/GET/?$rid=a%20b-c", " ", 9));
  EXPECT_EQ(wire->hears(),
            R"(PUBACK(9) PUBLISH($iothub/twin/res/200/?$rid=a%20b-c {"desired":{"$version":1},"reported":{"$version":1}}))");
}

TEST(Twin, mergesWhatTheDeviceReports) {
  Site site;
  const auto wire = site.listening("pump", {kAnswers});
  wire->says(report("1", R"({"a":1,"b":{"c":2,"d":[1,{"e":null2}]}})"));
  EXPECT_EQ(errorIn(wire->hears()), "PUBLISH($iothub/twin/res/400/?$rid=1 400004");
  wire->says(report("2", R"({"a":1,"b":{"c":2,"d":[1,2]}})") + report("3", R"({"a":null,"b":{"c":{"x":"y"}}})") +
             report("4", "{}"));
  EXPECT_EQ(wire->hears(),
            "PUBLISH($iothub/twin/res/204/?$rid=2&$version=2) PUBLISH($iothub/twin/res/204/?$rid=3&$version=3) "
            "PUBLISH($iothub/twin/res/204/?$rid=4&$version=4)");
  const Json twin = Json::parse(site.ask("GET", "/twins/pump").json);
  Json reported = twin["properties"]["reported"];
  EXPECT_EQ(reported["$version"], 4);
  EXPECT_TRUE(reported["$metadata"].contains("$lastUpdated"));
  reported.erase("$version");
  reported.erase("$metadata");
  EXPECT_EQ(reported, Json::parse(R"({"b":{"c":{"x":"y"},"d":[1,2]}})"));
  EXPECT_EQ(twin["connectionState"], "Connected");
}

TEST(Twin, refusesWhatIsOverALimitAndChangesNothing) {
  Site site;
  const auto wire = site.listening("pump", {kAnswers});
  const auto nested = [](int levels) {
    std::string text = "1";
    for (int i = 0; i < levels; ++i) text = R"({"n":)" + text + "}";
    return text;
  };
  const std::string four(4096, 'x');
  for (const std::string& wrong :
       {std::string{}, std::string{"[]"}, std::string{"null"}, std::string{"7"}, std::string{"{"}, std::string{R"({"a.b":1})"},
        std::string{R"({"$version":1})"}, std::string{R"({"a b":1})"}, std::string{R"({"":1})"}, std::string{R"({"a":[null]})"},
        std::string{R"({"a":4503599627370496})"}, std::string{R"({"a":-4503599627370497})"},
        std::string{R"({"a":18446744073709551615})"}, R"({"a":")" + four + R"(y"})", R"({")" + std::string(1025, 'k') + R"(":1})",
        nested(12), std::string(200'000, '['), std::string{"{\"a\":\"\xff\"}"}, std::string{"{\"a\\u0001\":1}"}}) {
    wire->says(report("1", wrong));
    EXPECT_EQ(errorIn(wire->hears()), "PUBLISH($iothub/twin/res/400/?$rid=1 400004") << wrong.substr(0, 60);
  }
  for (const std::string& right :
       {nested(11), std::string{R"({"a":4503599627370495,"b":-4503599627370496})"}, R"({"t":")" + four + R"("})"}) {
    wire->says(report("1", right));
    EXPECT_EQ(wire->hears().substr(0, 40), "PUBLISH($iothub/twin/res/204/?$rid=1&$ve") << right.substr(0, 60);
  }
  EXPECT_EQ(Json::parse(site.ask("GET", "/twins/pump").json)["properties"]["reported"]["$version"], 4);
}

TEST(Twin, countsTheSizeAfterTheMerge) {
  Site site;
  const auto wire = site.listening("pump", {kAnswers});
  const std::string four(4095, 'x');
  for (int i = 0; i < 8; ++i) wire->says(report("1", R"({")" + std::to_string(i) + R"(":")" + four + R"("})"));
  wire->hears();
  wire->says(report("2", R"({"z":true})"));
  EXPECT_EQ(errorIn(wire->hears()), "PUBLISH($iothub/twin/res/400/?$rid=2 400004");
  wire->says(report("3", R"({"0":null,"z":true})"));
  EXPECT_EQ(wire->hears(), "PUBLISH($iothub/twin/res/204/?$rid=3&$version=10)");
}

TEST(Twin, honoursTheVersionAReportIsConditionalOn) {
  Site site;
  const auto wire = site.listening("pump", {kAnswers});
  wire->says(report("1&$version=2", "{}"));
  EXPECT_EQ(errorIn(wire->hears()), "PUBLISH($iothub/twin/res/412/?$rid=1 412001");
  wire->says(report("2&$version=1", "{}"));
  EXPECT_EQ(wire->hears(), "PUBLISH($iothub/twin/res/204/?$rid=2&$version=2)");
  wire->says(report("3&$version=x", "{}"));
  EXPECT_EQ(errorIn(wire->hears()), "PUBLISH($iothub/twin/res/400/?$rid=3 400004");
  EXPECT_TRUE(site.rule(R"({"conditional_reported":false})"));
  wire->says(report("4&$version=99", "{}"));
  EXPECT_EQ(wire->hears(), "PUBLISH($iothub/twin/res/204/?$rid=4&$version=3)");
}

TEST(Twin, runsRequestsWhoseAnswerNobodyHears) {
  Site site;
  const auto wire = site.online("pump");
  wire->hears();
  wire->says(report("1", R"({"a":1})") + publishPacket("$iothub/twin/GET/", "", 5) + get(std::string(2000, 'r')));
  EXPECT_EQ(wire->hears(), "PUBACK(5)");
  EXPECT_EQ(site.hub.statistics().withoutEffect, 3u);
  EXPECT_EQ(Json::parse(site.ask("GET", "/twins/pump").json)["properties"]["reported"]["a"], 1);
}

TEST(Twin, pushesDesiredPropertiesWhileSubscribed) {
  Site site;
  const auto wire = site.online("pump");
  patchTwin(site, R"({"properties":{"desired":{"early":1}}})");
  wire->says(subscribePacket({kDesired}));
  wire->hears();
  patchTwin(site, R"({"tags":{"hall":"b"},"etag":"x","properties":{"desired":{"a":{"b":1},"c":null,"$version":77}}})");
  EXPECT_EQ(wire->hears(), R"(PUBLISH($iothub/twin/PATCH/properties/desired/?$version=3 {"$version":3,"a":{"b":1},"c":null}))");
  patchTwin(site, R"({"tags":{"hall":null}})");
  EXPECT_EQ(wire->hears(), "");
  const Json twin = patchTwin(site, R"({"properties":{"desired":{"a":{"b":2}}},"tags":{"hall":"c"}})", "PUT");
  EXPECT_EQ(wire->hears(),
            R"(PUBLISH($iothub/twin/PATCH/properties/desired/?$version=4 {"$version":4,"a":{"b":2},"early":null}))");
  EXPECT_EQ(twin["tags"], Json::parse(R"({"hall":"c"})"));
  EXPECT_EQ(twin["properties"]["desired"]["$version"], 4);
  EXPECT_TRUE(site.fault(R"({"drop_desired_pushes":true})"));
  patchTwin(site, R"({"properties":{"desired":{"a":3}}})");
  EXPECT_EQ(wire->hears(), "");
  EXPECT_TRUE(site.fault(R"({"drop_desired_pushes":false})"));
  wire->says(unsubscribePacket(kDesired));
  patchTwin(site, R"({"properties":{"desired":{"a":4}}})");
  EXPECT_EQ(wire->hears(), "UNSUBACK(2)");
}

TEST(Twin, answersAtTheQosToldWithIdsAboveTheMailboxs) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"answer_qos_max":1})"));
  const auto wire = site.listening("pump", {kAnswers, "devices/pump/messages/devicebound/#"});
  site.ask("POST", "/devices/pump/messages/deviceBound", "x");
  wire->hears();
  wire->says(report("1", "{}"));
  EXPECT_EQ(wire->hears(), "PUBLISH($iothub/twin/res/204/?$rid=1&$version=2 q1 #32768)");
  wire->says(pubackPacket(32768) + pubackPacket(1));
  EXPECT_FALSE(wire->closed);
  wire->says(subscribePacket({kAnswers}, 0) + report("2", "{}"));
  EXPECT_EQ(wire->hears(), "SUBACK(1:0) PUBLISH($iothub/twin/res/204/?$rid=2&$version=3)");
}

TEST(Twin, closesADeviceThatAcknowledgesNothing) {
  Site site;
  EXPECT_TRUE(site.rule(R"({"answer_qos_max":1})"));
  const auto wire = site.listening("pump", {kAnswers});
  for (int i = 0; i < 1000; ++i) wire->says(report("1", "{}"));
  EXPECT_FALSE(wire->closed);
  wire->says(report("1", "{}"));
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(site.closes("unacknowledged"), 1u);
}

TEST(Twin, failsWhenAFaultSaysSo) {
  Site site;
  const auto wire = site.listening("pump", {kAnswers});
  EXPECT_TRUE(site.fault(R"({"twin_error_status":429,"twin_retry_after_seconds":3})"));
  wire->says(get("1"));
  EXPECT_EQ(errorIn(wire->hears()), "PUBLISH($iothub/twin/res/429/?$rid=1&retry-after=3 429001");
  EXPECT_TRUE(site.fault(R"({"twin_error_status":500,"twin_retry_after_seconds":0})"));
  wire->says(report("2", R"({"a":1})"));
  EXPECT_EQ(errorIn(wire->hears()), "PUBLISH($iothub/twin/res/500/?$rid=2 500001");
  EXPECT_EQ(Json::parse(site.ask("GET", "/twins/pump").json)["properties"]["reported"]["$version"], 1);
  EXPECT_FALSE(site.fault(R"({"twin_error_status":200})"));
  EXPECT_TRUE(site.fault(R"({"twin_error_status":0,"twin_loss":1})"));
  wire->says(report("3", "{}"));
  EXPECT_EQ(wire->hears(), "");
  EXPECT_EQ(site.hub.statistics().twinErrors, 2u);
}

TEST(Twin, answersLateAndInOrderAndNotForEver) {
  Site site;
  const auto wire = site.listening("pump", {kAnswers});
  EXPECT_TRUE(site.fault(R"({"twin_delay_ms":500})"));
  wire->says(report("1", "{}"));
  site.pass(100ms);
  EXPECT_TRUE(site.fault(R"({"twin_delay_ms":0})"));
  wire->says(report("2", "{}"));
  EXPECT_EQ(wire->hears(), "");
  site.pass(400ms);
  EXPECT_EQ(wire->hears(), "PUBLISH($iothub/twin/res/204/?$rid=1&$version=2) PUBLISH($iothub/twin/res/204/?$rid=2&$version=3)");
  EXPECT_TRUE(site.fault(R"({"twin_delay_ms":60000})"));
  for (int i = 0; i < 1001; ++i) wire->says(get("1"));
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(site.closes("too_many_requests"), 1u);
  site.pass(60s);
  EXPECT_EQ(wire->hears(), "");
}

TEST(Twin, isThrottledByTierOrByFault) {
  Site site;
  const auto wire = site.listening("pump", {kAnswers});
  EXPECT_TRUE(site.rule(R"({"tier":"S1"})"));
  for (int i = 0; i < 100; ++i) wire->says(get("1"));
  EXPECT_EQ(site.hub.statistics().twinErrors, 0u);
  wire->hears();
  wire->says(get("2"));
  EXPECT_EQ(errorIn(wire->hears()), "PUBLISH($iothub/twin/res/429/?$rid=2 429001");
  EXPECT_TRUE(site.fault(R"({"twin_updates_per_second":1})"));
  wire->says(report("3", "{}"));
  EXPECT_EQ(wire->hears(), "PUBLISH($iothub/twin/res/204/?$rid=3&$version=2)");
  wire->says(report("4", "{}"));
  EXPECT_EQ(errorIn(wire->hears()), "PUBLISH($iothub/twin/res/429/?$rid=4 429001");
  // The same tier closes who sends too much.
  for (mqtt::PacketId id = 1; id <= 101 && !wire->closed; ++id) wire->says(telemetry("pump", id));
  EXPECT_TRUE(wire->closed);
  EXPECT_EQ(site.closes("throttled"), 1u);
  EXPECT_TRUE(site.rule(R"({"tier":"S3","tier_units":2})"));
  EXPECT_EQ(limitsOf(Tier::s3, 2).messages, 12'000u);
}

TEST(Twin, refusesWhatAServiceMayNotSay) {
  Site site;
  for (const std::string& wrong :
       {std::string{"7"}, std::string{"{"}, std::string{R"({"properties":7})"}, std::string{R"({"properties":{"desired":7}})"},
        std::string{R"({"tags":[]})"}, std::string{R"({"tags":{"a.b":1}})"}, std::string(100'000, '['),
        R"({"tags":{"a":")" + std::string(4096, 'x') + R"(","b":")" + std::string(4096, 'x') + R"("}})"})
    for (const char* method : {"PATCH", "PUT"})
      EXPECT_EQ(site.ask(method, "/twins/pump", wrong).status, 400) << wrong.substr(0, 60);
  EXPECT_EQ(site.ask("GET", "/twins/stranger").status, 404);
  EXPECT_EQ(site.ask("POST", "/twins/pump", "{}").status, 405);
  EXPECT_EQ(Json::parse(site.ask("GET", "/twins/pump").json)["version"], 1);
}

}  // namespace
}  // namespace spheregate::hubsim
