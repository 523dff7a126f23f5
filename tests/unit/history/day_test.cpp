#include "spheregate/history/day.hpp"

#include <gtest/gtest.h>

#include "unit/fakes.hpp"

namespace spheregate::history {
namespace {

using namespace std::chrono_literals;

class DayTest : public ::testing::Test {
 protected:
  // Samples every two seconds, as the daemon takes them.
  void pass(base::Duration time) {
    for (base::Duration gone{}; gone < time; gone += 2s) {
      clock_.advance(2s);
      day_.take(now_);
    }
  }
  const Step& step(std::size_t index) const { return *day_.steps().at(index); }

  test::ManualClock clock_;
  Sample now_;
  Day day_{clock_};
};

TEST_F(DayTest, hasNoStepBeforeOneIsOver) {
  day_.take(now_);
  pass(58s);
  EXPECT_TRUE(day_.steps().empty());
  pass(2s);
  EXPECT_EQ(day_.steps().size(), 1u);
}

TEST_F(DayTest, countsWhatCameAndWentInEachStep) {
  now_.accepted = 5'000;  // of a former life of the store
  now_.delivered = 4'000;
  day_.take(now_);
  pass(30s);
  now_.accepted += 7;
  pass(30s);
  now_.accepted += 2;
  now_.delivered += 9;
  pass(60s);
  ASSERT_EQ(day_.steps().size(), 2u);
  EXPECT_EQ(step(0).accepted, 7u);
  EXPECT_EQ(step(0).delivered, 0u);
  EXPECT_EQ(step(1).accepted, 2u);
  EXPECT_EQ(step(1).delivered, 9u);
}

TEST_F(DayTest, keepsWhatWasAtTheEndOfAStep) {
  day_.take(now_);
  now_.queueMessages = 900;
  pass(40s);
  now_.queueMessages = 3;
  now_.queueBytes = 300;
  now_.queueOldestAgeSeconds = 1.5;
  now_.devicesConnected = 12;
  pass(20s);
  const Step expected{.accepted = 0, .delivered = 0, .queueMessages = 3, .queueBytes = 300, .queueOldestAgeSeconds = 1.5, .devicesConnected = 12, .uplink = 0};
  EXPECT_EQ(step(0), expected);
}

TEST_F(DayTest, knowsHowLongTheUplinkWasUp) {
  now_.uplink = true;
  day_.take(now_);
  pass(60s);
  pass(30s);
  now_.uplink = false;
  pass(30s);
  pass(60s);
  ASSERT_EQ(day_.steps().size(), 3u);
  EXPECT_DOUBLE_EQ(step(0).uplink, 1);
  EXPECT_NEAR(step(1).uplink, 0.5, 0.04);
  EXPECT_NEAR(step(2).uplink, 0, 0.04);
}

TEST_F(DayTest, aStepWithoutSamplesIsNotKnown) {
  day_.take(now_);
  pass(60s);
  clock_.advance(180s);  // the loop was held up
  now_.accepted = 6;
  day_.take(now_);
  ASSERT_EQ(day_.steps().size(), 4u);
  EXPECT_TRUE(day_.steps()[1]) << "it has the sample at its beginning";
  EXPECT_FALSE(day_.steps()[2]);
  EXPECT_FALSE(day_.steps()[3]);
  pass(60s);
  EXPECT_EQ(step(4).accepted, 6u) << "what came meanwhile is not lost";
}

TEST_F(DayTest, forgetsWhatIsOlderThanADay) {
  const base::WallTime started = clock_.wall();
  day_.take(now_);
  EXPECT_EQ(day_.begin(), started);
  pass(24h + 10min);
  EXPECT_EQ(day_.steps().size(), Day::kStepsMax);
  EXPECT_EQ(day_.begin(), started + 10min);
  clock_.advance(365 * 24h);
  day_.take(now_);
  EXPECT_EQ(day_.steps().size(), Day::kStepsMax);
  EXPECT_FALSE(day_.steps().front());
  EXPECT_LE(clock_.wall() - day_.begin(), 24h + 1min);
}

// Somebody sets the calendar: no step is lost or doubled, and all are dated by the calendar that is right now.
TEST_F(DayTest, isDatedAnewWhenTheCalendarIsSet) {
  const base::WallTime started = clock_.wall();
  day_.take(now_);
  pass(5min);
  clock_.jump(-72h);
  pass(1min);
  EXPECT_EQ(day_.steps().size(), 6u);
  EXPECT_EQ(day_.begin(), started - 72h);
  clock_.jump(144h);
  pass(1min);
  EXPECT_EQ(day_.steps().size(), 7u);
  EXPECT_EQ(day_.begin(), started + 72h);
  for (const auto& each : day_.steps()) EXPECT_TRUE(each);
}

}  // namespace
}  // namespace spheregate::history
