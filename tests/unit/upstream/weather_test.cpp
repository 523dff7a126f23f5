#include "spheregate/upstream/weather.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "spheregate/base/log.hpp"
#include "unit/fakes.hpp"

namespace spheregate::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Links that do what OwnLink does, at a hub that is a function: what becomes of an attempt, and of a message.
class WeatherTest : public ::testing::Test {
 protected:
  enum class Answer { accepted, unreachable, busy, refused };

  struct Traveller final : public Weather::Traveller {
    explicit Traveller(WeatherTest& testGiven) : test{testGiven}, timer{testGiven.time.timers} {}
    ~Traveller() override { test.weather->leave(*this); }
    void attempt() override {
      ++attempts;
      ++test.attempts;
      timer.after(milliseconds{50}, [this] { answered(test.answer(*this)); });
    }
    void roomAgain() override {
      send();
      if (up && !underWay) test.weather->idle(*this);
    }
    bool loaded() const override { return wasCut; }
    bool publishing() const override { return underWay; }

    void answered(Answer said) {
      if (said == Answer::accepted) {
        up = true;
        ++test.up;
        test.weather->arrived(*this);
        send();
        if (up && !underWay) test.weather->idle(*this);
        return;
      }
      const Trouble trouble = said == Answer::unreachable ? Trouble::unreachable
                              : said == Answer::busy      ? Trouble::busy
                                                          : Trouble::refused;
      test.weather->failed(*this, trouble, "it was so");
      again(trouble == Trouble::refused);
    }
    void again(bool alone) {
      if (!alone && test.weather->foul()) return test.weather->ask(*this);
      timer.after(seconds{1} * (alone ? 30 : 1), [this] { test.weather->ask(*this); });
    }
    void send() {
      if (!up || underWay || messages == 0 || !test.weather->mayPublish(*this, 0)) return;
      underWay = true;
      ++test.published;
      timer.after(milliseconds{50}, [this] {
        if (!test.takesMessages(*this)) return lose(true);
        underWay = wasCut = false;
        --messages;
        ++test.delivered;
        test.weather->acknowledged(*this);
        send();
      });
    }
    void lose(bool cut) {
      up = false;
      --test.up;
      wasCut = underWay;
      underWay = false;
      test.weather->lost(*this, cut && wasCut, "reset");
      again(false);
    }

    WeatherTest& test;
    base::Timer timer;
    bool up = false;
    bool underWay = false;
    bool wasCut = false;
    int messages = 0;
    int attempts = 0;
  };

  WeatherTest() {
    base::configureLog(base::LogLevel::silent, base::LogFormat::text);
    settings.tier = Tier::s1;
  }
  void fleet(int size) {
    pacer = std::make_unique<Pacer>(time.timers, allowance(settings).connects);
    weather = std::make_unique<Weather>(time.timers, *pacer, settings, random, registry);
    for (int number = 0; number < size; ++number) {
      links.push_back(std::make_unique<Traveller>(*this));
      weather->ask(*links.back());
    }
  }
  void loseAll() {
    for (const auto& link : links) {
      if (link->up) link->lose(true);
    }
  }
  double gauge(const char* state) { return registry.gauge("upstream_condition", "", {{"state", state}}).value(); }

  test::ManualTime time;
  Settings settings;
  metrics::Registry registry;
  std::mt19937_64 random{7};
  std::unique_ptr<Pacer> pacer;
  std::unique_ptr<Weather> weather;
  std::function<Answer(const Traveller&)> answer = [](const Traveller&) { return Answer::accepted; };
  std::function<bool(const Traveller&)> takesMessages = [](const Traveller&) { return true; };
  int attempts = 0;
  int up = 0;
  int published = 0;
  int delivered = 0;
  std::vector<std::unique_ptr<Traveller>> links;  // before the others go
};

TEST_F(WeatherTest, oneGoesAheadAndTheOthersFollowAtTheBudget) {
  fleet(5000);
  time.pass(milliseconds{40});
  EXPECT_EQ(attempts, 1);
  time.pass(seconds{10});
  EXPECT_NEAR(up, 970, 15);
  time.pass(seconds{45});
  EXPECT_EQ(up, 5000);
}

TEST_F(WeatherTest, inAnOutageOfFiveThousandOneTriesForAll) {
  fleet(5000);
  time.pass(seconds{60});
  ASSERT_EQ(up, 5000);
  answer = [](const Traveller&) { return Answer::unreachable; };
  loseAll();
  attempts = 0;
  time.pass(minutes{10});
  EXPECT_LE(attempts, 320) << "about one for each interval";
  EXPECT_GE(attempts, 140) << "and soon enough";
  EXPECT_EQ(weather->condition(), Condition::unreachable);
  EXPECT_EQ(gauge("unreachable"), 1);
  EXPECT_EQ(gauge("fair"), 0);
  answer = [](const Traveller&) { return Answer::accepted; };
  const base::MonoTime back = time.clock.now();
  while (up < 5000 && time.clock.now() - back < seconds{70}) time.pass(milliseconds{50});
  EXPECT_LE(time.clock.now() - back, seconds{57}) << "4 s to find out, and the time that the budget takes";
  EXPECT_EQ(weather->condition(), Condition::fair);
  EXPECT_EQ(gauge("fair"), 1);
}

TEST_F(WeatherTest, anOutageThatTheConnectionsDoNotFeelIsFoundBySomeFailures) {
  fleet(300);
  time.pass(seconds{10});
  ASSERT_EQ(up, 300);
  answer = [](const Traveller&) { return Answer::unreachable; };
  for (int number = 0; number < 200; ++number) links[static_cast<std::size_t>(number)]->lose(false);
  attempts = 0;
  time.pass(minutes{2});
  EXPECT_LE(attempts, 40 + 65);
  EXPECT_EQ(weather->condition(), Condition::unreachable);
}

TEST_F(WeatherTest, whoTriesForAllIsAnotherOneEachTime) {
  answer = [](const Traveller&) { return Answer::unreachable; };
  fleet(20);
  time.pass(minutes{3});
  for (const auto& link : links) EXPECT_GE(link->attempts, 1);
}

TEST_F(WeatherTest, aDeviceThatIsRefusedKeepsNobodyWaiting) {
  Traveller* unwelcome = nullptr;
  answer = [&](const Traveller& link) { return &link == unwelcome ? Answer::refused : Answer::accepted; };
  fleet(50);
  unwelcome = links.front().get();
  time.pass(seconds{2});
  EXPECT_EQ(up, 49);
  time.pass(minutes{20});
  EXPECT_EQ(weather->condition(), Condition::fair);
  EXPECT_LE(unwelcome->attempts, 41);
}

TEST_F(WeatherTest, aDeviceThatIsToldToComeLaterKeepsNobodyWaiting) {
  answer = [this](const Traveller& link) { return &link == links.front().get() ? Answer::busy : Answer::accepted; };
  fleet(50);
  time.pass(seconds{2});
  EXPECT_EQ(up, 49);
  EXPECT_EQ(weather->condition(), Condition::fair);
}

TEST_F(WeatherTest, whenNobodyIsLetInItSaysSo) {
  answer = [](const Traveller&) { return Answer::refused; };
  fleet(20);
  time.pass(seconds{5});
  EXPECT_EQ(weather->condition(), Condition::refused);
  answer = [](const Traveller&) { return Answer::accepted; };
  time.pass(minutes{1});
  EXPECT_EQ(weather->condition(), Condition::fair);
  EXPECT_EQ(up, 20);
}

TEST_F(WeatherTest, connack3ToManyIsAThrottleAndOneTries) {
  answer = [](const Traveller&) { return Answer::busy; };
  fleet(5000);
  time.pass(minutes{10});
  EXPECT_EQ(weather->condition(), Condition::throttled);
  EXPECT_LE(attempts, 30);
  answer = [](const Traveller&) { return Answer::accepted; };
  time.pass(minutes{2});
  EXPECT_EQ(up, 5000);
  EXPECT_EQ(weather->condition(), Condition::fair);
}

TEST_F(WeatherTest, aQuotaThatIsUsedUpIsFoundByItsClosesAndOneMessageTriesForAll) {
  fleet(1000);
  time.pass(seconds{15});
  ASSERT_EQ(up, 1000);
  takesMessages = [](const Traveller&) { return false; };
  attempts = published = 0;
  for (const auto& link : links) {
    link->messages = 3;
    link->send();
  }
  time.pass(minutes{60});
  EXPECT_EQ(weather->condition(), Condition::throttled);
  EXPECT_LE(attempts, 40) << "at intervals that grow to minutes";
  takesMessages = [](const Traveller&) { return true; };
  time.pass(minutes{6});
  EXPECT_EQ(delivered, 3000);
  EXPECT_EQ(up, 1000);
  EXPECT_EQ(weather->condition(), Condition::fair);
}

TEST_F(WeatherTest, whoIsConnectedHoldsItsMessagesWhileTheQuotaIsUsedUp) {
  fleet(100);
  time.pass(seconds{5});
  takesMessages = [](const Traveller&) { return false; };
  published = 0;
  for (int number = 0; number < 100; ++number) {
    links[static_cast<std::size_t>(number)]->messages = 1;
    links[static_cast<std::size_t>(number)]->send();
    if (number < 10) time.pass(milliseconds{60});
  }
  EXPECT_LE(published, 6);
  EXPECT_GE(up, 94) << "they stay connected for what the cloud says";
  takesMessages = [](const Traveller&) { return true; };
  time.pass(minutes{1});
  EXPECT_EQ(delivered, 100);
}

TEST_F(WeatherTest, aLineThatWasCutIsNoThrottle) {
  fleet(1000);
  time.pass(seconds{15});
  for (const auto& link : links) link->messages = 2;
  for (const auto& link : links) link->send();
  loseAll();
  time.pass(milliseconds{500});
  EXPECT_EQ(weather->condition(), Condition::fair);
  time.pass(seconds{14});
  EXPECT_EQ(up, 1000);
  EXPECT_EQ(delivered, 2000);
}

TEST_F(WeatherTest, aFewDevicesThatAreCutWhileTheHubTakesMessagesAreTheirOwnAffair) {
  fleet(100);
  time.pass(seconds{5});
  for (const auto& link : links) link->messages = 100000;
  for (const auto& link : links) link->send();
  takesMessages = [this](const Traveller& link) {
    for (std::size_t number = 0; number < 5; ++number) {
      if (links[number].get() == &link) return false;
    }
    return true;
  };
  time.pass(seconds{30});
  EXPECT_EQ(weather->condition(), Condition::fair);
  EXPECT_GE(up, 90);
  EXPECT_GT(delivered, 10000);
}

TEST_F(WeatherTest, aLoneDeviceWhoseMessagesEndItsConnectionIsReported) {
  fleet(1);
  time.pass(seconds{1});
  takesMessages = [](const Traveller&) { return false; };
  links[0]->messages = 1;
  links[0]->send();
  time.pass(seconds{20});
  EXPECT_EQ(weather->condition(), Condition::throttled);
  takesMessages = [](const Traveller&) { return true; };
  time.pass(seconds{20});
  EXPECT_EQ(delivered, 1);
  EXPECT_EQ(weather->condition(), Condition::fair);
}

TEST_F(WeatherTest, thoseWhoseMessagesTheHubNeverTakesDoNotHoldTheOthers) {
  fleet(100);
  time.pass(seconds{5});
  takesMessages = [this](const Traveller& link) { return &link == links[50].get(); };
  for (int number = 0; number < 20; ++number) {
    links[static_cast<std::size_t>(number)]->messages = 1;
    links[static_cast<std::size_t>(number)]->send();
  }
  time.pass(milliseconds{60});
  links[50]->messages = 100;
  links[50]->send();
  time.pass(seconds{3});
  EXPECT_GE(delivered, 1);
}

TEST_F(WeatherTest, whoLeavesWhileItTriesForAllMakesRoomForTheNext) {
  answer = [](const Traveller&) { return Answer::unreachable; };
  fleet(3);
  time.pass(milliseconds{10});
  weather->leave(*links[0]);
  links[0]->timer.cancel();
  answer = [](const Traveller&) { return Answer::accepted; };
  time.pass(seconds{1});
  EXPECT_EQ(up, 2);
}

TEST_F(WeatherTest, whenAllWhoWereCutHaveLeftTheOthersAreNotHeldForEver) {
  fleet(10);
  time.pass(seconds{2});
  takesMessages = [](const Traveller&) { return false; };
  for (std::size_t number = 0; number < 4; ++number) {
    links[number]->messages = 1;
    links[number]->send();
  }
  time.pass(milliseconds{60});
  takesMessages = [](const Traveller&) { return true; };
  for (std::size_t number = 0; number < 4; ++number) {
    links[number]->timer.cancel();
    weather->leave(*links[number]);
  }
  links[9]->messages = 1;
  links[9]->send();
  time.pass(seconds{1});
  EXPECT_EQ(delivered, 1);
}

TEST_F(WeatherTest, aLoneDeviceThatIsToldToComeLaterAfterAnOutageWaitsLongerEachTime) {
  answer = [](const Traveller&) { return Answer::unreachable; };
  fleet(1);
  time.pass(seconds{10});
  answer = [](const Traveller&) { return Answer::busy; };
  attempts = 0;
  time.pass(minutes{10});
  EXPECT_EQ(weather->condition(), Condition::throttled);
  EXPECT_LE(attempts, 30);
}

TEST_F(WeatherTest, whoIsNotLetInAnyMoreDoesNotHoldTheOthersForEver) {
  fleet(10);
  time.pass(seconds{2});
  const auto banned = [this](const Traveller& link) {
    return std::any_of(links.begin(), links.begin() + 4, [&](const auto& one) { return one.get() == &link; });
  };
  takesMessages = [&](const Traveller& link) { return !banned(link); };
  answer = [&](const Traveller& link) { return banned(link) ? Answer::refused : Answer::accepted; };
  for (std::size_t number = 0; number < 4; ++number) {
    links[number]->messages = 1;
    links[number]->send();
  }
  time.pass(seconds{5});
  links[9]->messages = 1;
  links[9]->send();
  time.pass(minutes{2});
  EXPECT_EQ(delivered, 1);
}

}  // namespace
}  // namespace spheregate::upstream
