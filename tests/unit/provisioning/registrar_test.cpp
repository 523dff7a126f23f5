#include "spheregate/provisioning/registrar.hpp"

#include <gmock/gmock.h>

#include <optional>

#include "fake_service.hpp"
#include "limits.hpp"
#include "unit/fakes.hpp"

namespace spheregate::provisioning {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

class RegistrarTest : public ::testing::Test {
 protected:
  void ask(const std::string& id, Registrar::Order order = Registrar::Order::first) {
    registrar.ask(
        id, order,
        [id](base::WallTime) {
          upstream::ControlLogin login;
          login.clientId = id;
          return login;
        },
        [this, id](Answer answer) { answers.emplace_back(id, std::move(answer)); });
  }
  const Fault& fault(std::size_t index = 0) { return std::get<Fault>(answers.at(index).second); }
  std::size_t connectsWithin(base::MonoTime begin, base::Duration span) const {
    return static_cast<std::size_t>(std::count_if(service.connects.begin(), service.connects.end(),
                                                  [&](base::MonoTime at) { return at >= begin && at < begin + span; }));
  }

  test::ManualTime time;
  Settings settings{.address = {}, .idScope = "0ne00000A0A", .registrationsPerMinute = 120};
  test::FakeService service{time.timers};
  std::mt19937_64 random{7};
  metrics::Registry metrics;
  Registrar registrar{settings, service, time.timers, random, metrics};
  std::vector<std::pair<std::string, Answer>> answers;
};

TEST_F(RegistrarTest, registersOneAfterPolling) {
  service.judge = [](const std::string&) { return test::FakeService::working(); };
  ask("leaf1");
  time.pass(seconds{5});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(std::get<Assignment>(answers[0].second), (Assignment{.hub = "first.azure-devices.net", .deviceId = "leaf1"}));
  EXPECT_EQ(service.open, 0u);
}

TEST_F(RegistrarTest, keepsToItsRateAndToAFewAtOnce) {
  service.latency = seconds{3};
  const base::MonoTime begin = time.clock.now();
  for (int i = 0; i < 300; ++i) ask("leaf" + std::to_string(i));
  time.pass(minutes{10});
  EXPECT_EQ(answers.size(), 300u);
  EXPECT_LE(service.openMost, kAtOnceMax);
  EXPECT_LE(connectsWithin(begin, minutes{1}), 122u);
  EXPECT_EQ(service.connects.size(), 300u);
  EXPECT_EQ(service.open, 0u);
}

TEST_F(RegistrarTest, thoseThatWereNeverTriedComeFirst) {
  ask("again1", Registrar::Order::again);
  ask("again2", Registrar::Order::again);
  ask("first1");
  ask("first2");
  time.pass(seconds{10});
  EXPECT_EQ(service.registered, (std::vector<std::string>{"first1", "first2", "again1", "again2"}));
}

TEST_F(RegistrarTest, aServiceThatCannotBeReachedIsTriedByOneAndMoreAndMoreRarely) {
  service.reachable = false;
  for (int i = 0; i < 100; ++i) ask("leaf" + std::to_string(i));
  time.pass(minutes{10});
  EXPECT_LT(service.connects.size(), 40u);
  EXPECT_LE(connectsWithin(time.clock.now() - minutes{5}, minutes{5}), 11u);
  EXPECT_THAT(registrar.trouble(), HasSubstr("cannot be reached"));
  EXPECT_EQ(metrics.gauge("provisioning_trouble", "").value(), 1);
  EXPECT_EQ(fault().kind, Fault::Kind::passing);
  service.reachable = true;
  time.pass(minutes{3});
  EXPECT_EQ(answers.size(), 100u);
  EXPECT_EQ(registrar.trouble(), "");
  EXPECT_EQ(metrics.gauge("provisioning_trouble", "").value(), 0);
  EXPECT_EQ(registrar.waiting() + registrar.running(), 0u);
}

TEST_F(RegistrarTest, theWishOfAnOverloadedServiceIsKept) {
  service.judge = [](const std::string&) { return test::FakeService::Reply{.status = "429", .parameters = "&retry-after=100", .body = {}}; };
  ask("leaf1");
  time.pass(seconds{1});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(fault().retryAfter, seconds{100});
  ask("leaf2");
  time.pass(seconds{99});
  EXPECT_EQ(service.connects.size(), 1u);
  time.pass(seconds{3});
  EXPECT_EQ(service.connects.size(), 2u);
}

TEST_F(RegistrarTest, oneThatFailsByItselfDoesNotHoldUpTheOthers) {
  service.judge = [this](const std::string& id) {
    return id == "bad" ? test::FakeService::Reply{.status = "401", .parameters = {}, .body = {}} : test::FakeService::assignedTo(service.hub, id);
  };
  ask("bad");
  for (int i = 0; i < 10; ++i) ask("leaf" + std::to_string(i));
  time.pass(seconds{10});
  EXPECT_EQ(answers.size(), 11u);
  EXPECT_EQ(fault().kind, Fault::Kind::lasting);
  EXPECT_EQ(registrar.trouble(), "");
}

TEST_F(RegistrarTest, refusalsOfTheConnectionAreJudgementsUnlessTheServiceIsUnavailable) {
  for (const int code : {1, 2, 4, 5}) {
    service.refusal = code;
    answers.clear();
    ask("leaf1");
    time.pass(seconds{5});
    EXPECT_EQ(fault().kind, Fault::Kind::lasting) << code;
    EXPECT_THAT(fault().reason, testing::AllOf(HasSubstr("code " + std::to_string(code)), HasSubstr("upstream.auth.id_scope")));
  }
  service.refusal = 3;
  answers.clear();
  ask("leaf1");
  time.pass(seconds{5});
  EXPECT_EQ(fault().kind, Fault::Kind::passing);
}

TEST_F(RegistrarTest, silenceAndEndlessWorkHaveAnEnd) {
  service.silent = true;
  ask("leaf1");
  time.pass(kAnswerTime + seconds{2});
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_THAT(fault().reason, HasSubstr("did not answer in time"));
  EXPECT_EQ(service.open, 0u);

  service.silent = false;
  service.judge = [](const std::string&) {
    return test::FakeService::Reply{.status = "202", .parameters = "&retry-after=4000000000", .body = R"({"operationId":"4"})"};
  };
  ask("leaf2");
  time.pass(seconds{10});
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(fault(1).retryAfter, seconds{300});
  EXPECT_EQ(service.open, 0u);
}

TEST_F(RegistrarTest, whatIsOnItsWayGoesWithTheRegistrar) {
  auto doomed = std::make_unique<Registrar>(settings, service, time.timers, random, metrics);
  int done = 0;
  for (int i = 0; i < 20; ++i) {
    doomed->ask("leaf" + std::to_string(i), Registrar::Order::first, [](base::WallTime) { return upstream::ControlLogin{}; }, [&](Answer) { ++done; });
  }
  time.pass(milliseconds{300});
  EXPECT_GT(service.open, 0u);
  doomed.reset();
  time.pass(minutes{10});
  EXPECT_EQ(done, 0);
  EXPECT_EQ(service.open, 0u);
}

}  // namespace
}  // namespace spheregate::provisioning
