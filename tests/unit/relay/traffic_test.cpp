#include "traffic.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "unit/fakes.hpp"

namespace spheregate::relay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class TrafficTest : public ::testing::Test {
 protected:
  struct Sender final : public Traffic::Sender {
    Sender(TrafficTest& testGiven, char nameGiven, int messagesGiven, bool lateGiven)
        : test{testGiven}, name{nameGiven}, messages{messagesGiven}, late{lateGiven} {}
    void turn() override {
      while (messages > 0 && test.traffic->admits(*this)) {
        test.traffic->published(*this);
        --messages;
        test.order += name;
      }
    }
    bool catchingUp() const override { return late; }
    TrafficTest& test;
    char name;
    int messages;
    bool late;
  };

  Sender& sender(char name, int messages, bool late = false) {
    senders.push_back(std::make_unique<Sender>(*this, name, messages, late));
    return *senders.back();
  }
  void limit(double perSecond, double backlogPerSecond = 0) {
    traffic = std::make_unique<Traffic>(time.timers, perSecond, backlogPerSecond);
  }
  long count(char name) const { return std::count(order.begin(), order.end(), name); }

  test::ManualTime time;
  std::unique_ptr<Traffic> traffic;
  std::vector<std::unique_ptr<Sender>> senders;
  std::string order;
};

TEST_F(TrafficTest, withoutLimitsEverythingLeavesAtOnce) {
  limit(0);
  sender('a', 10000).turn();
  EXPECT_EQ(order.size(), 10000u);
  EXPECT_FALSE(traffic->limited());
}

TEST_F(TrafficTest, sendersTakeTurnsAMessageEach) {
  limit(4);  // one at once
  for (const char name : {'a', 'b', 'c'}) sender(name, name == 'a' ? 100 : 4).turn();
  EXPECT_EQ(order, "a");
  time.pass(seconds{3});
  EXPECT_EQ(order, "aabcabcabcabc") << "one that has much does not go before those that have little";
  time.pass(seconds{2});
  EXPECT_EQ(order, "aabcabcabcabcaaaaaaaa");
}

TEST_F(TrafficTest, theRateHoldsWithThousandsOfSendersAndOneTimer) {
  limit(100);
  for (int number = 0; number < 5000; ++number) sender('a', 3).turn();
  EXPECT_EQ(order.size(), 25u);
  time.pass(seconds{10});
  EXPECT_GE(order.size(), 1024u);
  EXPECT_LE(order.size(), 1026u);
  time.pass(seconds{141});
  EXPECT_EQ(order.size(), 15000u);
  EXPECT_FALSE(time.timers.next()) << "no timer when nobody waits";
}

TEST_F(TrafficTest, whatIsUpToDateGoesBeforeBacklogsButNotForEver) {
  limit(10);
  sender('l', 1000, true).turn();
  time.pass(seconds{1});
  const long before = count('l');
  EXPECT_GE(before, 10) << "a backlog has everything that nobody else needs";
  Sender& live = sender('a', 1000);
  live.turn();
  time.pass(seconds{10});
  EXPECT_NEAR(static_cast<double>(count('a')), 90, 2);
  EXPECT_NEAR(static_cast<double>(count('l') - before), 10, 2);
}

TEST_F(TrafficTest, backlogsHaveACapOfTheirOwnThatLiveMessagesDoNotFeel) {
  limit(0, 4);
  sender('l', 100, true).turn();
  sender('m', 100, true).turn();
  time.pass(seconds{5});
  EXPECT_EQ(order.substr(0, 7), "llmlmlm");
  EXPECT_EQ(order.size(), 21u);
  sender('a', 1000).turn();
  EXPECT_EQ(count('a'), 1000);
}

TEST_F(TrafficTest, theCapOfBacklogsCanBeChangedWhileTheyWait) {
  limit(0, 0.1);
  Sender& late = sender('l', 100, true);
  late.turn();
  EXPECT_EQ(order.size(), 1u);
  traffic->setBacklogRate(10);
  time.pass(seconds{2});
  EXPECT_GE(order.size(), 19u);
  EXPECT_LE(order.size(), 22u);
  traffic->setBacklogRate(0);
  time.settle();
  EXPECT_EQ(order.size(), 100u);
  EXPECT_FALSE(traffic->limited());
}

TEST_F(TrafficTest, aLiveMessageDoesNotWaitForTheTimerOfABacklog) {
  limit(10, 0.01);
  sender('l', 100, true).turn();
  Sender& live = sender('a', 1);
  live.turn();
  Sender& second = sender('b', 5);
  second.turn();
  time.pass(milliseconds{700});
  EXPECT_EQ(count('b'), 5);
}

TEST_F(TrafficTest, whoHasNothingMoreWhenItsTurnComesCostsNothing) {
  limit(4);
  Sender& first = sender('a', 1);
  first.turn();
  Sender& second = sender('b', 1);
  second.turn();
  second.messages = 0;
  Sender& third = sender('c', 1);
  third.turn();
  time.pass(milliseconds{260});
  EXPECT_EQ(order, "ac");
}

TEST_F(TrafficTest, whatIsLateWhenItsTurnComesStandsInTheOtherLine) {
  limit(4, 1);
  sender('a', 1).turn();
  Sender& second = sender('b', 3);
  second.turn();
  second.late = true;
  time.pass(seconds{10});
  EXPECT_EQ(count('b'), 3);
}

}  // namespace
}  // namespace spheregate::relay
