#include "spheregate/base/timers.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "unit/fakes.hpp"

namespace spheregate::base {
namespace {

using std::chrono::milliseconds;
using test::ManualTime;

TEST(Timers, runsInOrderOfTimeAndThenOfAdding) {
  ManualTime time;
  std::vector<int> ran;
  const MonoTime start = time.clock.now();
  time.timers.at(start + milliseconds{2}, [&] { ran.push_back(3); });
  time.timers.at(start + milliseconds{1}, [&] { ran.push_back(1); });
  time.timers.at(start + milliseconds{1}, [&] { ran.push_back(2); });
  time.pass(milliseconds{1});
  EXPECT_EQ(ran, (std::vector<int>{1, 2}));
  time.pass(milliseconds{1});
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 3}));
}

TEST(Timers, aCallbackThatRearmsItselfDoesNotKeepOneRunBusyForEver) {
  ManualTime time;
  int runs = 0;
  Timers::Callback again = [&] {
    ++runs;
    time.timers.at(time.clock.now(), again);
  };
  time.timers.at(time.clock.now(), again);
  time.timers.run(time.clock.now());
  EXPECT_EQ(runs, 1);
  time.timers.run(time.clock.now());
  EXPECT_EQ(runs, 2);
}

TEST(Timers, saysWhenAnEarlierTimerArrives) {
  ManualTime time;
  int earlier = 0;
  time.timers.onEarlier([&] { ++earlier; });
  time.timers.at(time.clock.now() + milliseconds{10}, [] {});
  time.timers.at(time.clock.now() + milliseconds{20}, [] {});
  EXPECT_EQ(earlier, 1);
  time.timers.at(time.clock.now() + milliseconds{5}, [] {});
  EXPECT_EQ(earlier, 2);
}

TEST(Timer, rearmingReplacesAndDestructionCancels) {
  ManualTime time;
  int ran = 0;
  {
    Timer timer{time.timers};
    timer.after(milliseconds{1}, [&] { ran += 1; });
    timer.after(milliseconds{2}, [&] { ran += 10; });
    time.pass(milliseconds{5});
    EXPECT_EQ(ran, 10);
    EXPECT_FALSE(timer.armed());
    timer.after(milliseconds{1}, [&] { ran += 100; });
  }
  time.pass(milliseconds{5});
  EXPECT_EQ(ran, 10);
}

TEST(Timer, aCallbackMayCancelAnotherThatIsDueAtTheSameMoment) {
  ManualTime time;
  int ran = 0;
  Timer first{time.timers};
  Timer second{time.timers};
  first.after(milliseconds{1}, [&] {
    ++ran;
    second.cancel();
  });
  second.after(milliseconds{1}, [&] { ++ran; });
  time.pass(milliseconds{2});
  EXPECT_EQ(ran, 1);
}

}  // namespace
}  // namespace spheregate::base
