#include "day_json.hpp"

#include <gtest/gtest.h>

#include <ctime>
#include <nlohmann/json.hpp>

#include "unit/fakes.hpp"

namespace spheregate::app {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class DayJson : public ::testing::Test {
 protected:
  void pass(base::Duration time) {
    for (base::Duration gone{}; gone < time; gone += 2s) {
      clock_.advance(2s);
      day_.take(now_);
    }
  }
  test::ManualClock clock_;
  history::Sample now_;
  history::Day day_{clock_};
};

TEST_F(DayJson, hasColumnsOfOneLength) {
  EXPECT_EQ(json::parse(dayJson(day_))["steps"], 0);
  now_.uplink = true;
  day_.take(now_);
  pass(58s);
  now_.accepted = 3;
  now_.queueOldestAgeSeconds = 1.26;
  pass(60s);
  clock_.advance(2min);
  pass(60s);
  const json all = json::parse(dayJson(day_));
  EXPECT_EQ(all["step_seconds"], 60);
  EXPECT_EQ(all["from"], "2023-11-14T22:13:20Z");
  const std::size_t steps = all["steps"];
  EXPECT_EQ(steps, 4u);
  for (const char* column : {"queue_messages", "queue_bytes", "queue_oldest_age_seconds", "accepted", "delivered", "devices_connected", "uplink"}) {
    ASSERT_TRUE(all[column].is_array()) << column;
    EXPECT_EQ(all[column].size(), steps) << column;
    EXPECT_TRUE(all[column][2].is_null()) << column << ": nothing was seen in that minute";
  }
  EXPECT_EQ(all["accepted"][0], 0);
  EXPECT_EQ(all["accepted"][1], 3);
  EXPECT_EQ(all["queue_oldest_age_seconds"][1], 1.3);
  EXPECT_EQ(all["uplink"][0], 1);
  EXPECT_EQ(all.size(), 10u);
}

TEST_F(DayJson, aWholeDayDoesNotHoldUpTheLoop) {
  now_.accepted = 1'000'000;
  for (std::size_t step = 0; step < 24 * 60 + 10; ++step) {
    now_.accepted += 123'456;
    pass(60s);
  }
  timespec before{};
  timespec after{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
  const std::string text = dayJson(day_);
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
  const double took = static_cast<double>(after.tv_sec - before.tv_sec) * 1e3 + static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e6;
  std::printf("a day, %zu bytes: %.2f ms\n", text.size(), took);
  EXPECT_LT(text.size(), 100'000u);
  EXPECT_LT(took, 200) << "it takes some 2 ms without sanitizers";
}

}  // namespace
}  // namespace spheregate::app
