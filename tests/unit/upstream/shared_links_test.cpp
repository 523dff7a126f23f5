#include <gmock/gmock.h>

#include "shared_fixture.hpp"
#include "spheregate/upstream/origin.hpp"

namespace spheregate::upstream::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kWindow = 500;  // of all devices

TEST_F(SharedTest, aMessageSaysWhoseItIs) {
  bringUp();
  Device& one = device("pump 1");
  one.user.waiting = 1;
  one.user.send();
  ASSERT_THAT(hub().published, SizeIs(1));
  EXPECT_EQ(hub().published[0].topic, "devices/plant/messages/events/n=1&spheregate-device=pump%201");
  EXPECT_EQ(hub().published[0].qos, 1);
  hub().acknowledges();
  EXPECT_THAT(one.user.acknowledged, ElementsAre(1));
  EXPECT_EQ(one.link->inflight(), 0u);
}

TEST_F(SharedTest, linksComeUpAndGoDownWithTheConnection) {
  Device& early = device("a");
  EXPECT_EQ(early.link->state(), Link::State::connecting);
  bringUp();
  Device& late = device("b");
  EXPECT_EQ(early.user.ups, 1);
  EXPECT_EQ(late.user.ups, 1);
  EXPECT_TRUE(late.link->up());
  hub().fails("the connection was lost");
  EXPECT_THAT(early.user.downs, ElementsAre("the connection was lost"));
  EXPECT_THAT(late.user.downs, SizeIs(1));
  EXPECT_TRUE(early.link->failing());
  EXPECT_EQ(early.link->room(), 0u);
  late.link->close();
  time.pass(2s);
  ASSERT_EQ(hub().connects, 2);
  bringUp();
  EXPECT_EQ(early.user.ups, 2);
  EXPECT_EQ(late.user.ups, 1);
  EXPECT_EQ(late.link->state(), Link::State::closed);
}

TEST_F(SharedTest, aRefusedLoginIsExplainedAndRetriedWithBackOff) {
  Device& one = device("a");
  hub().fails("the server refused the CONNECT with code 5", 5);
  EXPECT_EQ(identity.refusals, 1);
  EXPECT_THAT(one.user.downs, ElementsAre(testing::AllOf(HasSubstr("code 5"), HasSubstr("look here"))));
  for (int round = 0; round < 10; ++round) {
    for (int second = 0; second < 61 && hub().connects < round + 2; ++second) time.pass(1s);
    ASSERT_EQ(hub().connects, round + 2);
    hub().fails("no");
  }
  identity.missing = true;
  time.pass(61s);
  EXPECT_EQ(one.link->lastError(), "no identity yet");
}

TEST_F(SharedTest, anAttemptThatPahoNeverEndsIsGivenUp) {
  time.pass(31s);
  EXPECT_THAT(std::string{gateway->lastError()}, HasSubstr("cannot be reached"));
  EXPECT_FALSE(hub().connecting && hub().connects == 1);
}

TEST_F(SharedTest, noMoreThanTheWindowIsInFlight) {
  bringUp();
  for (int number = 0; number < 40; ++number) {
    Device& one = device("d" + std::to_string(number));
    one.user.waiting = 1000;
    one.user.send();
    EXPECT_LE(one.link->inflight(), 32u);
  }
  time.settle();
  EXPECT_EQ(hub().published.size(), kWindow);
  hub().acknowledges(100);
  EXPECT_EQ(hub().published.size(), kWindow - 100);
  time.settle();
  EXPECT_EQ(hub().published.size(), kWindow);
}

TEST_F(SharedTest, largeMessagesHaveASmallerWindow) {
  bringUp();
  Device& one = device("a");
  one.user.bytes = 256 * 1024 - 1000;
  Device& two = device("b");
  two.user.bytes = one.user.bytes;
  one.user.waiting = two.user.waiting = 1000;
  one.user.send();
  two.user.send();
  EXPECT_LE(hub().published.size(), 33u);
  EXPECT_GE(hub().published.size(), 30u);
}

TEST_F(SharedTest, aFloodDoesNotStarveTheOthers) {
  settings.inflightPerDevice = 500;
  bringUp();
  Device& flood = device("flood");
  flood.user.waiting = 1'000'000;
  flood.user.send();
  std::vector<Device*> others;
  for (int number = 0; number < 9; ++number) {
    others.push_back(&device("d" + std::to_string(number)));
    others.back()->user.waiting = 1'000'000;
    others.back()->user.send();
  }
  for (int round = 0; round < 400; ++round) {
    hub().acknowledges(10);
    time.settle();
  }
  // What was in flight at first, then a tenth each.
  for (const Device* one : others) EXPECT_NEAR(static_cast<double>(one->user.sent), 400, 60);
  EXPECT_NEAR(static_cast<double>(flood.user.sent), 900, 60);
}

TEST_F(SharedTest, aDeviceThatHasLittleIsServedAtOnceByTheNextAcknowledgement) {
  settings.inflightPerDevice = 500;
  bringUp();
  Device& flood = device("flood");
  flood.user.waiting = 1'000'000;
  flood.user.send();
  Device& one = device("one");
  one.user.waiting = 1;
  one.user.send();
  EXPECT_EQ(one.user.sent, 0u);
  hub().acknowledges();
  time.settle();
  EXPECT_EQ(one.user.sent, 1u);
}

TEST_F(SharedTest, acknowledgementsKeepTheOrderOfEachDevice) {
  bringUp();
  Device& one = device("a");
  Device& two = device("b");
  for (int round = 0; round < 20; ++round) {
    one.user.waiting = two.user.waiting = 1;
    one.user.send();
    two.user.send();
  }
  hub().acknowledges(40);
  for (std::uint64_t number = 1; number <= 20; ++number) {
    EXPECT_EQ(one.user.acknowledged[number - 1], number);
    EXPECT_EQ(two.user.acknowledged[number - 1], number);
  }
}

TEST_F(SharedTest, whatAClosedLinkSentIsForgotten) {
  bringUp();
  Device& one = device("a");
  one.user.waiting = 3;
  one.user.send();
  one.link->close();
  hub().acknowledges(2);
  one.link->open({});
  time.settle();
  EXPECT_EQ(one.user.ups, 2);
  hub().acknowledges();
  EXPECT_THAT(one.user.acknowledged, IsEmpty());
  devices.clear();
  EXPECT_EQ(gateway->inflight(), 0u);
}

TEST_F(SharedTest, aLinkMayGoWithMessagesInFlight) {
  bringUp();
  Device& one = device("a");
  one.user.waiting = 3;
  one.user.send();
  devices.clear();
  hub().acknowledges(3);
  EXPECT_EQ(gateway->inflight(), 0u);
}

TEST_F(SharedTest, aHubThatDoesNotAcknowledgeIsAStall) {
  bringUp();
  Device& one = device("a");
  one.user.waiting = 1;
  one.user.send();
  time.pass(40s);
  EXPECT_THAT(one.user.downs, SizeIs(1));
  EXPECT_EQ(metrics.stalls.value(), 1u);
}

TEST_F(SharedTest, aClientThatTakesNothingIsAStall) {
  bringUp();
  Device& one = device("a");
  hub().full = true;
  one.user.waiting = 1;
  one.user.send();
  time.settle();
  EXPECT_THAT(one.user.downs, SizeIs(1));
}

TEST_F(SharedTest, theTokenIsRenewedWhenWhatIsInFlightHasArrived) {
  bringUp();
  Device& one = device("a");
  time.pass(30min);
  one.user.waiting = 1;
  one.user.send();
  hub().acknowledges();
  one.user.waiting = 1;
  settings.ackTimeout = 1h;
  one.user.send();
  while (gateway->state() == Link::State::up) time.pass(1s);
  EXPECT_EQ(gateway->state(), Link::State::renewing);
  EXPECT_EQ(one.link->room(), 0u);
  hub().acknowledges();
  EXPECT_THAT(one.user.acknowledged, SizeIs(2));
  EXPECT_THAT(one.user.downs, ElementsAre("token renewal"));
  EXPECT_FALSE(one.link->failing());
  EXPECT_TRUE(hub().connecting);
  bringUp();
  EXPECT_EQ(one.user.ups, 2);
}

TEST_F(SharedTest, whoseMessagesEndTheConnectionComesAfterTheOthers) {
  Device& poison = device("a");
  Device& good = device("b");
  for (unsigned close = 1; close <= 3; ++close) {
    poison.user.waiting = 1;
    good.user.waiting = 1;
    bringUp();
    if (close > 1) {
      ASSERT_EQ(hub().published.size(), 1u) << "of the good one";
      hub().acknowledges(1);
      time.pass(std::chrono::milliseconds{1000 * (close - 1) - 10});
      EXPECT_EQ(poison.user.ups, static_cast<int>(close - 1));
      time.pass(std::chrono::milliseconds{20});
    }
    ASSERT_EQ(poison.user.ups, static_cast<int>(close));
    hub().fails("closed");
    for (int tries = 0; !hub().connecting && tries < 120; ++tries) time.pass(std::chrono::seconds{1});
  }
  EXPECT_EQ(good.user.acknowledged.size(), 2u);
}

TEST(Origin, objectsToWhatTheHubMustNotGet) {
  EXPECT_FALSE(originObjection("d", "/a=1", 100));
  EXPECT_STREQ(originObjection("d", "/spheregate-device=x", 1)->reason, "forged_origin");
  EXPECT_STREQ(originObjection("d", "/a=1&SPHEREGATE%2dDEVICE", 1)->reason, "forged_origin");
  EXPECT_STREQ(originObjection("d", "/a=%", 1)->reason, "unreadable_properties");
  EXPECT_STREQ(originObjection("d", "", 256 * 1024 - 10)->reason, "too_large");
  EXPECT_STREQ(originObjection("d", "/a=" + std::string(65'400, 'x'), 1)->reason, "topic_too_long");
  const std::string id(128, '%');
  const std::string suffix = "/a=" + std::string(64'900, 'x');
  ASSERT_FALSE(originObjection(id, suffix, 1));
  EXPECT_LE(("devices/" + std::string(128, 'g') + "/messages/events").size() + suffix.size() + originBytes(id), kTopicBytesMax);
}

}  // namespace
}  // namespace spheregate::upstream::test
