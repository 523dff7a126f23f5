#include "spheregate/steward/steward.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "simulation/memory_store.hpp"
#include "unit/fakes.hpp"
#include "unit/upstream/fake_control.hpp"

namespace spheregate::steward {
namespace {

using namespace std::chrono_literals;
using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using upstream::test::FakeControl;

class StewardTest : public testing::Test {
 protected:
  StewardTest() { open(); }

  // As at the start of the process.
  void open() {
    steward.reset();
    gateway.reset();
    store = std::make_unique<simulation::MemoryStore>(time.timers, disk);
    gateway = std::make_unique<upstream::GatewayLink>(
        upstream::GatewayContext{.settings = settings, .address = {}, .patience = 20s, .timers = time.timers, .clients = controls,
                                 .identity = identity, .metrics = metrics, .random = random},
        nullptr);
    steward = std::make_unique<Steward>(
        *gateway, *store, time.timers, Configured{.logLevel = base::LogLevel::info, .messageTtl = 7 * 24h, .drainRate = 3},
        Controls{.denyList = [this](const std::vector<std::string>& ids) { denied.push_back(ids); },
                 .logLevel = [this](base::LogLevel level) { levels.push_back(level); },
                 .messageTtl = [this](std::chrono::seconds ttl) { ttls.push_back(ttl); },
                 .drainRate = [this](double rate) { rates.push_back(rate); }},
        [this] { return health; });
    steward->begin();
    gateway->open();
  }
  FakeControl& hub() { return *controls.client; }
  // The request that the hub was sent last, taken off.
  FakeControl::Published request(const char* topic) {
    time.settle();
    EXPECT_THAT(hub().published, SizeIs(1));
    if (hub().published.empty()) return {};
    auto found = hub().published[0];
    hub().published.clear();
    EXPECT_THAT(found.topic, testing::StartsWith(topic));
    EXPECT_EQ(found.qos, 0);
    return found;
  }
  void answer(const FakeControl::Published& asked, int status, std::string_view body = {}) {
    hub().sends("$iothub/twin/res/" + std::to_string(status) + "/?" + asked.topic.substr(asked.topic.find("$rid=")), body, 0);
    time.settle();
  }
  void answerRead(const std::string& desired, const std::string& reported = R"({"$version":1})") {
    answer(request("$iothub/twin/GET/?$rid=steward-"), 200, R"({"desired":)" + desired + R"(,"reported":)" + reported + "}");
  }
  // What the hub is to be told, and it says yes.
  Json report() {
    const auto asked = request("$iothub/twin/PATCH/properties/reported/?$rid=steward-");
    answer(asked, 204);
    return Json::parse(asked.payload).at("spheregate");
  }
  void bringUp() {
    hub().accepts();
    time.settle();
  }
  void desiredChanges() {
    hub().sends("$iothub/twin/PATCH/properties/desired/?$version=9", "{}", 0);
    time.pass(1s);
  }

  spheregate::test::ManualTime time;
  upstream::Settings settings;
  metrics::Registry registry;
  upstream::LinkMetrics metrics{registry};
  std::mt19937_64 random{7};
  simulation::MemoryTables disk;
  upstream::test::FakeControls controls;
  upstream::test::FakeIdentity identity;
  Health health{.version = "1.0", .startedAt = "2023-11-14T22:13:20Z", .devicesConnected = 2, .queueMessages = 0, .queueBytes = 5, .lastError = {}};
  std::vector<std::vector<std::string>> denied;
  std::vector<base::LogLevel> levels;
  std::vector<std::chrono::seconds> ttls;
  std::vector<double> rates;
  std::unique_ptr<simulation::MemoryStore> store;
  std::unique_ptr<upstream::GatewayLink> gateway;
  std::unique_ptr<Steward> steward;
};

TEST_F(StewardTest, reportsItsHealthOnceAMinuteAndOnlyWhatChanged) {
  bringUp();
  EXPECT_THAT(hub().subscribed, testing::UnorderedElementsAre("$iothub/twin/res/#", "$iothub/twin/PATCH/properties/desired/#"));
  answerRead(R"({"$version":1})");
  time.pass(1s);
  EXPECT_EQ(report(), Json::parse(R"({"version":"1.0","startedAt":"2023-11-14T22:13:20Z","devicesConnected":2,"queueMessages":0,"queueBytes":5,
                                      "lastError":""})"));
  health.devicesConnected = 3;
  time.pass(50s);
  EXPECT_THAT(hub().published, IsEmpty());
  time.pass(11s);
  EXPECT_EQ(report(), Json::parse(R"({"devicesConnected":3})"));
  time.pass(10min);
  EXPECT_THAT(hub().published, IsEmpty()) << "nothing changed";
  health.lastError = std::string(10'000, 'x');
  time.pass(1min);
  EXPECT_LE(report().at("lastError").get<std::string>().size(), 500u);
}

TEST_F(StewardTest, doesWhatIsWishedAndAnswersWhenItIsKept) {
  bringUp();
  answerRead(R"({"$version":7,"spheregate":{"denyList":["a"],"logLevel":"debug","messageTtl":-1,"drainRate":9,"x":1}})");
  EXPECT_THAT(denied, ElementsAre(std::vector<std::string>{"a"}));
  EXPECT_THAT(levels, ElementsAre(base::LogLevel::debug));
  EXPECT_THAT(ttls, IsEmpty());
  EXPECT_THAT(rates, ElementsAre(9));
  time.pass(1s);
  const Json told = report();
  EXPECT_EQ(told.at("denyList"), Json::parse(R"({"value":["a"],"ac":200,"av":7,"ad":""})"));
  EXPECT_EQ(told.at("logLevel"), Json::parse(R"({"value":"debug","ac":200,"av":7,"ad":""})"));
  EXPECT_EQ(told.at("messageTtl").at("ac"), 400);
  EXPECT_EQ(told.at("messageTtl").at("value"), 604'800);
  EXPECT_EQ(told.at("x"), Json::parse(R"({"ac":400,"av":7,"ad":"unknown key"})"));
  desiredChanges();
  answerRead(R"({"$version":8})", R"({"$version":2,"spheregate":)" + told.dump() + "}");
  EXPECT_EQ(denied.back(), std::vector<std::string>{});
  EXPECT_EQ(levels.back(), base::LogLevel::info);
  EXPECT_EQ(rates.back(), 3);
  time.pass(1s);
  EXPECT_EQ(report(), Json::parse(R"({"denyList":null,"logLevel":null,"messageTtl":null,"drainRate":null,"x":null})"));
}

TEST_F(StewardTest, aConfigurationThatChangesDoesNotUndoWishes) {
  bringUp();
  answerRead(R"({"$version":7,"spheregate":{"logLevel":"debug"}})");
  time.pass(1s);
  report();
  levels.clear();
  steward->configure({.logLevel = base::LogLevel::error, .messageTtl = 5s, .drainRate = 3});
  EXPECT_THAT(levels, IsEmpty()) << "a wish is in force";
  EXPECT_THAT(ttls, ElementsAre(5s));
  EXPECT_THAT(rates, IsEmpty()) << "it has not changed";
  desiredChanges();
  answerRead(R"({"$version":8})");
  EXPECT_THAT(levels, ElementsAre(base::LogLevel::error)) << "what the configuration says now";
}

TEST_F(StewardTest, aStartWithoutAnUplinkHasWhatWasWished) {
  bringUp();
  answerRead(R"({"$version":7,"spheregate":{"denyList":["a"],"messageTtl":5}})");
  denied.clear();
  ttls.clear();
  open();
  EXPECT_THAT(denied, ElementsAre(std::vector<std::string>{"a"}));
  EXPECT_THAT(ttls, ElementsAre(5s));
  bringUp();
  answerRead(R"({"$version":7,"spheregate":{"denyList":["a"],"messageTtl":"broken"}})");
  EXPECT_THAT(denied, SizeIs(1)) << "nothing changed";
  EXPECT_THAT(ttls, SizeIs(1)) << "what was in force stays";
}

TEST_F(StewardTest, withoutAStoreAWishIsInForceUntilTheNextStart) {
  store->breakDown("no disk");
  bringUp();
  answerRead(R"({"$version":7,"spheregate":{"denyList":["a"]}})");
  EXPECT_THAT(denied, SizeIs(1));
  time.pass(1s);
  EXPECT_THAT(report().at("denyList").at("ad").get<std::string>(), HasSubstr("could not be stored"));
}

TEST_F(StewardTest, whatCouldNotBeStoredIsOfferedToTheStoreAgain) {
  store->failFor(1);
  bringUp();
  answerRead(R"({"$version":7,"spheregate":{"denyList":["a"]}})");
  time.pass(1s);
  EXPECT_THAT(report().at("denyList").at("ad").get<std::string>(), HasSubstr("could not be stored"));
  hub().sends("$iothub/twin/PATCH/properties/desired/?$version=8", "{}", 0);
  time.pass(1s);
  answerRead(R"({"$version":8,"spheregate":{"denyList":["a"]}})", R"({"$version":2,"spheregate":{"denyList":{"ac":200,"av":7}}})");
  time.pass(1s);
  EXPECT_THAT(disk.of(state::Table::gateway).at("wishes"), HasSubstr("denyList"));
}

TEST_F(StewardTest, clearsWhatAnEarlierLifeReported) {
  bringUp();
  answerRead(R"({"$version":1})", R"({"$version":3,"spheregate":{"version":"0.9","logLevel":{"ac":200},"old":{"a":1}},"other":1})");
  time.pass(1s);
  const Json told = report();
  EXPECT_EQ(told.at("version"), "1.0");
  EXPECT_TRUE(told.at("logLevel").is_null());
  EXPECT_TRUE(told.at("old").is_null());
  EXPECT_FALSE(told.contains("other"));
}

TEST_F(StewardTest, aLongDenyListIsAnsweredByItsLength) {
  bringUp();
  std::string list;
  for (int number = 0; number < 200; ++number) list += (number > 0 ? ",\"" : "\"") + std::string(120, 'a') + std::to_string(number) + "\"";
  answerRead(R"({"$version":7,"spheregate":{"denyList":[)" + list + "]}}");
  EXPECT_THAT(denied.at(0), SizeIs(200));
  time.pass(1s);
  EXPECT_EQ(report().at("denyList").at("value"), 200);
}

TEST_F(StewardTest, hostileDocumentsChangeNothing) {
  bringUp();
  answerRead(R"({"$version":7,"spheregate":{"denyList":["a"]}})");
  time.pass(1s);
  report();
  for (const std::string& body : {std::string{"{"}, std::string(100'000, '['), std::string{R"({"desired":[],"reported":{}})"},
                                  R"({"desired":{"spheregate":)" + std::string(5000, '[') + std::string(5000, ']') + R"(},"reported":{}})",
                                  std::string{"null"}, std::string(300'000, ' ')}) {
    desiredChanges();
    answer(request("$iothub/twin/GET/?$rid=steward-"), 200, body);
    EXPECT_EQ(steward->wishes().denyList, std::vector<std::string>{"a"}) << body.substr(0, 50);
    time.pass(29s);
    EXPECT_THAT(hub().published, IsEmpty()) << "no hurry";
    time.pass(2s);
    answerRead(R"({"$version":7,"spheregate":{"denyList":["a"]}})");
    time.pass(1s);
    report();
  }
  desiredChanges();
  time.settle();
  answerRead(R"({"$version":8,"spheregate":"do it"})");
  EXPECT_EQ(steward->wishes().denyList, std::vector<std::string>{"a"});
  time.pass(1s);
  EXPECT_THAT(report().at("lastError").get<std::string>(), HasSubstr("not an object"));
}

TEST_F(StewardTest, aFloodOfChangesIsReadOnceASecond) {
  bringUp();
  answerRead(R"({"$version":1})");
  time.pass(1s);
  report();
  int reads = 0;
  for (int change = 0; change < 1000; ++change) {
    hub().sends("$iothub/twin/PATCH/properties/desired/?$version=2", "{}", 0);
    time.pass(10ms);
    if (hub().published.empty()) continue;
    ++reads;
    answerRead(R"({"$version":1})");
  }
  EXPECT_LE(reads, 11);
  EXPECT_GE(reads, 9);
}

TEST_F(StewardTest, asksAgainWhatIsNotAnsweredAndWhatIsRefused) {
  bringUp();
  const auto lost = request("$iothub/twin/GET/?$rid=steward-");
  time.pass(61s);
  const auto again = request("$iothub/twin/GET/?$rid=steward-");
  EXPECT_NE(lost.topic, again.topic);
  answer(lost, 200, R"({"desired":{"$version":1},"reported":{"$version":1}})");
  EXPECT_THAT(hub().published, IsEmpty()) << "too late: another request waits";
  answer(again, 429);
  time.pass(31s);
  answerRead(R"({"$version":1})");
  time.pass(1s);
  const auto refused = request("$iothub/twin/PATCH/properties/reported/");
  answer(refused, 400);
  time.pass(31s);
  answerRead(R"({"$version":1})");
}

TEST_F(StewardTest, beginsAnewOnTheNextConnection) {
  bringUp();
  (void)request("$iothub/twin/GET/?$rid=steward-");
  hub().fails("lost");
  time.pass(2s);
  bringUp();
  answerRead(R"({"$version":1})");
  time.pass(1s);
  report();
}

}  // namespace
}  // namespace spheregate::steward
