#include "spheregate/upstream/pacer.hpp"

#include <gtest/gtest.h>

#include "spheregate/upstream/bucket.hpp"
#include "spheregate/upstream/settings.hpp"
#include "unit/fakes.hpp"

namespace spheregate::upstream {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Pacer, letsAQuarterOfASecondGoAtOnceAndThenKeepsTheRate) {
  test::ManualTime time;
  Pacer pacer{time.timers, 10};
  int begun = 0;
  for (int number = 0; number < 100; ++number) pacer.queue([&] { ++begun; });
  time.settle();
  EXPECT_EQ(begun, 2);
  time.pass(seconds{3});
  EXPECT_GE(begun, 31);
  EXPECT_LE(begun, 33);
  time.pass(seconds{7});
  EXPECT_EQ(begun, 100);
}

TEST(Pacer, whoLeavesIsNotServed) {
  test::ManualTime time;
  Pacer pacer{time.timers, 1};
  int begun = 0;
  const Pacer::Ticket first = pacer.queue([&] { begun += 1; });
  pacer.queue([&] { begun += 10; });
  pacer.leave(first);
  time.settle();
  EXPECT_EQ(begun, 10);
}

TEST(Pacer, whatTakesAtOnceCountsTooAndPassesNobody) {
  test::ManualTime time;
  Pacer pacer{time.timers, 4};
  EXPECT_TRUE(pacer.take());
  EXPECT_FALSE(pacer.take());
  int begun = 0;
  pacer.queue([&] { ++begun; });
  time.pass(milliseconds{240});
  EXPECT_FALSE(pacer.take());
  EXPECT_EQ(begun, 0);
  time.pass(milliseconds{20});
  EXPECT_EQ(begun, 1);
  time.pass(seconds{5});
  EXPECT_TRUE(pacer.take());
  EXPECT_FALSE(pacer.take()) << "what was not used for long is not saved up";
}

TEST(Pacer, aRateNextToNothingIsNoBusyLoop) {
  for (const double rate : {1e-300, 5e-324, 1e-12}) {
    Bucket bucket{rate, {}};
    ASSERT_TRUE(bucket.ready({}));
    bucket.take();
    ASSERT_FALSE(bucket.ready({}));
    EXPECT_EQ(bucket.wait(), std::chrono::hours{1}) << rate;
  }
}

TEST(Pacer, withoutALimitNobodyWaits) {
  test::ManualTime time;
  Pacer pacer{time.timers, 0};
  int begun = 0;
  for (int number = 0; number < 1000; ++number) EXPECT_TRUE(pacer.take());
  for (int number = 0; number < 1000; ++number) pacer.queue([&] { ++begun; });
  EXPECT_EQ(begun, 0) << "never inside the call";
  time.settle();
  EXPECT_EQ(begun, 1000);
}

TEST(Tiers, areThoseOfTheDocumentationAndWeKeepBelow) {
  EXPECT_EQ(throttlesOf(Tier::s1, 1).connects, 100);
  EXPECT_EQ(throttlesOf(Tier::s1, 9).messages, 108);
  EXPECT_EQ(throttlesOf(Tier::s1, 9).twinReads, 100);
  EXPECT_EQ(throttlesOf(Tier::s2, 2).messages, 240);
  EXPECT_EQ(throttlesOf(Tier::s2, 20).twinUpdates, 100);
  EXPECT_EQ(throttlesOf(Tier::s3, 1).connects, 6000);
  Settings settings;
  EXPECT_EQ(allowance(settings).connects, 80);
  EXPECT_EQ(allowance(settings).messages, 0) << "no limit is known";
  settings.tier = Tier::s1;
  EXPECT_EQ(allowance(settings).connects, 95);
  EXPECT_EQ(allowance(settings).twinUpdates, 47.5);
  settings.connectsPerSecond = 10;
  EXPECT_EQ(allowance(settings).connects, 10);
  EXPECT_EQ(allowance(settings).messages, 95);
}

}  // namespace
}  // namespace spheregate::upstream
