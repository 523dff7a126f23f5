#include <gmock/gmock.h>

#include <memory>
#include <optional>

#include "assignment_row.hpp"
#include "fake_service.hpp"
#include "limits.hpp"
#include "simulation/memory_store.hpp"
#include "spheregate/provisioning/group_credentials.hpp"
#include "spheregate/provisioning/service_login.hpp"
#include "unit/fakes.hpp"

namespace spheregate::provisioning {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;
using upstream::Login;

// Azure's documentation of symmetric key attestation.
constexpr const char* kGroupKey = "8isrFI1sGsIlvvFSSFRiMfCNzv21fjbE/+ah/lSh3lF8e2YG1Te7w1KpZhJFFXJrqYKi9yegxkqIChbqOS9Egw==";
constexpr const char* kId = "sn-007-888-abc-mac-a1-b2-c3-d4-e5-f6";
constexpr const char* kDerivedKey = "Jsm0lyGpjaVYVP2g3FnmnmG9dI/9qU24wNoykUmermc=";

hub::SharedAccessKey keyOf(const char* text) { return *hub::SharedAccessKey::fromBase64(text); }

class GroupTest : public ::testing::Test {
 protected:
  GroupTest() { start(); }
  // As after a restart of the process; what was stored is there.
  void start(const std::string& hub = {}) {
    request.reset();
    credentials.reset();
    store = std::make_unique<simulation::MemoryStore>(time.timers, disk);
    const Parts parts{.settings = settings, .clients = service, .store = *store, .timers = time.timers, .random = random, .metrics = metrics};
    credentials = std::make_unique<GroupCredentials>(parts, keyOf(kGroupKey), hub, hours{1});
  }
  void ask(const std::string& id = kId) {
    result.reset();
    request = credentials->login(id, time.clock.wall(), [this](base::Explained<Login> login) { result = std::move(login); });
  }
  // The login, which must be there by now.
  Login login() {
    EXPECT_TRUE(result && *result) << (result ? result->error() : "nothing yet");
    return result && *result ? **result : Login{};
  }
  std::string error() { return result && !*result ? result->error() : ""; }
  // As the link does after a failure of the hub.
  void hubRefuses() {
    ask();
    time.settle();
    credentials->refused(kId);
  }

  test::ManualTime time;
  Settings settings{.address = {}, .idScope = "0ne00000A0A", .registrationsPerMinute = 120};
  test::FakeService service{time.timers};
  simulation::MemoryTables disk;
  std::unique_ptr<simulation::MemoryStore> store;
  std::mt19937_64 random{7};
  metrics::Registry metrics;
  std::unique_ptr<GroupCredentials> credentials;
  std::unique_ptr<upstream::LoginRequest> request;
  std::optional<base::Explained<Login>> result;
};

TEST_F(GroupTest, registersWithTheDerivedKeyAndLogsInToTheAssignedHub) {
  ask();
  EXPECT_TRUE(request);
  EXPECT_FALSE(result);
  time.pass(seconds{1});
  const auto token = hub::parseSasToken(login().password);
  ASSERT_TRUE(token);
  EXPECT_TRUE(hub::signedBy(*token, keyOf(kDerivedKey)));
  EXPECT_EQ(hub::audience(*token), std::string{"first.azure-devices.net/devices/"} + kId);
  EXPECT_EQ(login().hub, "first.azure-devices.net");
  // What the service saw.
  const upstream::ControlLogin& seen = service.logins.at(0);
  EXPECT_EQ(seen.clientId, kId);
  EXPECT_EQ(seen.username, std::string{"0ne00000A0A/registrations/"} + kId + "/api-version=2019-03-31&ClientVersion=spheregate");
  const auto pass = hub::parseSasToken(seen.password);
  ASSERT_TRUE(pass);
  EXPECT_EQ(pass->policy, "registration");
  EXPECT_EQ(pass->resource, std::string{"0ne00000A0A%2Fregistrations%2F"} + kId);
  EXPECT_TRUE(hub::signedBy(*pass, keyOf(kDerivedKey)));
}

TEST_F(GroupTest, anAssignmentOutlivesTheProcessAndTheService) {
  ask();
  time.pass(seconds{1});
  service.reachable = false;
  start();
  ask();
  EXPECT_FALSE(request);
  EXPECT_EQ(login().hub, "first.azure-devices.net");
  EXPECT_EQ(login().expires, time.clock.wall() + hours{1});
  time.pass(hours{1});
  EXPECT_EQ(service.connects.size(), 1u);
}

TEST_F(GroupTest, aDeviceThatMovedIsFoundAfterThreeRefusals) {
  ask();
  time.pass(seconds{1});
  service.hub = "second.azure-devices.net";
  hubRefuses();
  hubRefuses();
  credentials->accepted(kId);  // in a row, not ever
  hubRefuses();
  hubRefuses();
  time.pass(seconds{5});
  EXPECT_EQ(service.connects.size(), 1u);
  hubRefuses();
  ask();
  EXPECT_EQ(login().hub, "first.azure-devices.net");  // until the service has spoken
  time.pass(seconds{1});
  ask();
  EXPECT_EQ(login().hub, "second.azure-devices.net");
  start();
  ask();
  EXPECT_EQ(login().hub, "second.azure-devices.net");
}

TEST_F(GroupTest, theOldAssignmentStaysWhileTheServiceCannotBeReachedOrSaysNo) {
  ask();
  time.pass(seconds{1});
  const auto trouble = [&](auto make) {
    make();
    for (int i = 0; i < 200; ++i) {
      hubRefuses();
      EXPECT_EQ(login().hub, "first.azure-devices.net");
      time.pass(seconds{30});
    }
  };
  trouble([&] { service.reachable = false; });
  const std::size_t unreachable = service.connects.size();
  EXPECT_GT(unreachable, 5u);
  EXPECT_LT(unreachable, 40u);  // in 100 minutes
  service.reachable = true;
  trouble([&] { service.judge = [](const std::string&) { return test::FakeService::Reply{.status = "404", .parameters = {}, .body = {}}; }; });
  EXPECT_LT(service.connects.size() - unreachable, 25u);
}

TEST_F(GroupTest, aServiceThatStandsByItsAssignmentIsAskedMoreAndMoreRarely) {
  ask();
  time.pass(seconds{1});
  for (int i = 0; i < 24 * 120; ++i) {
    hubRefuses();
    time.pass(seconds{30});
  }
  EXPECT_GT(service.connects.size(), 20u);
  EXPECT_LT(service.connects.size(), 50u);  // in a day
}

TEST_F(GroupTest, anotherScopeIsAskedAtOnceAndTheOldAssignmentServesMeanwhile) {
  ask();
  time.pass(seconds{1});
  settings.idScope = "0ne00000B0B";
  service.hub = "second.azure-devices.net";
  start();
  ask();
  EXPECT_EQ(login().hub, "first.azure-devices.net");
  time.pass(seconds{1});
  ask();
  EXPECT_EQ(login().hub, "second.azure-devices.net");
  EXPECT_THAT(service.logins.back().username, testing::StartsWith("0ne00000B0B/"));
  time.pass(hours{1});
  EXPECT_EQ(service.connects.size(), 2u);
}

TEST_F(GroupTest, aRefusedRegistrationSaysWhyAndComesBackByItself) {
  service.judge = [](const std::string&) { return test::FakeService::Reply{.status = "401", .parameters = {}, .body = R"({"message":"No such group."})"}; };
  ask();
  time.pass(seconds{1});
  EXPECT_THAT(error(), HasSubstr("401: No such group."));
  ask();  // at once, as a link with a short back-off would
  time.pass(seconds{20});
  EXPECT_FALSE(result);
  EXPECT_EQ(service.connects.size(), 1u);
  service.judge = [this](const std::string& id) { return test::FakeService::assignedTo(service.hub, id); };
  time.pass(kLastingWaitMax);
  EXPECT_EQ(login().hub, "first.azure-devices.net");
}

TEST_F(GroupTest, whoLeavesIsNotToldAndNotRegisteredAgain) {
  service.reachable = false;
  ask();
  time.pass(seconds{1});
  EXPECT_FALSE(error().empty());
  ask();
  request.reset();
  service.reachable = true;
  time.pass(hours{1});
  EXPECT_FALSE(result);
  EXPECT_EQ(service.connects.size(), 1u);
}

TEST_F(GroupTest, anotherDeviceIdCannotBeCarried) {
  service.judge = [this](const std::string&) { return test::FakeService::assignedTo(service.hub, "pump-7"); };
  ask();
  time.pass(seconds{1});
  EXPECT_THAT(error(), testing::AllOf(HasSubstr("pump-7"), HasSubstr("transparent mode")));
  EXPECT_TRUE(disk.of(state::Table::assignments).empty());
}

TEST_F(GroupTest, aHubThatIsNamedIsTheOnlyOne) {
  start("second.azure-devices.net");
  ask();
  time.pass(seconds{1});
  EXPECT_THAT(error(), testing::AllOf(HasSubstr("first.azure-devices.net"), HasSubstr("upstream.hub allows only second")));
  start("FIRST.azure-devices.net");
  ask();
  time.pass(seconds{1});
  EXPECT_EQ(login().hub, "first.azure-devices.net");
  // An assignment from before does not get around it.
  start("second.azure-devices.net");
  ask();
  EXPECT_FALSE(result);
  time.pass(seconds{1});
  EXPECT_THAT(error(), HasSubstr("allows only second"));
}

TEST_F(GroupTest, namesThatAreNoRegistrationIdsAreRefusedWithoutAsking) {
  for (const std::string& id : {std::string{"Pump-7"}, std::string{"a b"}, std::string{"a/b"}, std::string{"leaf."}, std::string(129, 'a'), std::string{}}) {
    ask(id);
    EXPECT_FALSE(request);
    EXPECT_THAT(error(), HasSubstr("cannot be registered")) << id;
  }
  EXPECT_TRUE(service.connects.empty());
  EXPECT_FALSE(registrationIdFault(std::string(128, 'f')));
  EXPECT_FALSE(registrationIdFault("a.b_c:d-"));
}

TEST_F(GroupTest, whatIsKeptIsReadWithCare) {
  auto& rows = disk.of(state::Table::assignments);
  rows = {{"a", "nonsense"}, {"b", "{}"}, {"c", R"({"hub":"evil/host","device_id":"c"})"}, {"d", R"({"hub":7,"device_id":[]})"}, {"e", ""}};
  start();
  EXPECT_EQ(credentials->assigner().known(), 0u);
  const AssignmentRow row{.assignment = {.hub = "h", .deviceId = "a\"b"}, .service = "s", .idScope = "x"};
  EXPECT_FALSE(readRow(writeRow(row)));
  const AssignmentRow good{.assignment = {.hub = "h", .deviceId = "a'b"}, .service = "s", .idScope = "x"};
  ASSERT_TRUE(readRow(writeRow(good)));
  EXPECT_EQ(readRow(writeRow(good))->assignment, good.assignment);
}

TEST_F(GroupTest, withoutAUsableStoreItWorksUntilTheEndOfTheProcess) {
  store->breakDown("no disk");
  ask();
  time.pass(seconds{1});
  EXPECT_EQ(login().hub, "first.azure-devices.net");
  ask();
  EXPECT_EQ(login().hub, "first.azure-devices.net");
}

TEST_F(GroupTest, manyDevicesAtOnceEachGetTheirOwn) {
  std::vector<std::unique_ptr<upstream::LoginRequest>> requests;
  std::map<std::string, std::string> hubs;
  for (int i = 0; i < 500; ++i) {
    const std::string id = "leaf" + std::to_string(i);
    requests.push_back(credentials->login(id, time.clock.wall(), [&hubs, id](base::Explained<Login> login) { hubs[id] = login ? login->hub : ""; }));
  }
  time.pass(minutes{1});
  EXPECT_GT(hubs.size(), 100u);
  time.pass(minutes{5});
  EXPECT_EQ(hubs.size(), 500u);
  EXPECT_EQ(service.registered.size(), 500u);
  EXPECT_EQ(disk.of(state::Table::assignments).size(), 500u);
}

}  // namespace
}  // namespace spheregate::provisioning
