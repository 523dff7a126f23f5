#include "spheregate/upstream/pacer.hpp"

#include <gtest/gtest.h>

#include "unit/fakes.hpp"

namespace spheregate::upstream {
namespace {

using std::chrono::seconds;

TEST(Pacer, letsABurstOfOneSecondGoAndThenKeepsTheRate) {
  test::ManualTime time;
  Pacer pacer{time.timers, 10};
  int begun = 0;
  for (int number = 0; number < 100; ++number) pacer.queue([&] { ++begun; });
  time.settle();
  EXPECT_EQ(begun, 10);
  time.pass(seconds{3});
  EXPECT_GE(begun, 39);
  EXPECT_LE(begun, 41);
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

}  // namespace
}  // namespace spheregate::upstream
