#include "password_tries.hpp"

#include <gtest/gtest.h>

namespace spheregate::ops {
namespace {

using namespace std::chrono_literals;

constexpr base::MonoTime kNow{1h};

TEST(PasswordTries, areAFewAtOnceAndThenOneInAWhile) {
  PasswordTries tries;
  for (int count = 0; count < PasswordTries::kAtOnce; ++count) {
    ASSERT_TRUE(tries.mayTry("10.0.0.1", kNow));
    tries.wasWrong("10.0.0.1", kNow);
  }
  EXPECT_FALSE(tries.mayTry("10.0.0.1", kNow));
  EXPECT_TRUE(tries.mayTry("10.0.0.2", kNow)) << "another source is not to blame";
  EXPECT_FALSE(tries.mayTry("10.0.0.1", kNow + PasswordTries::kInterval - 1ms));
  EXPECT_TRUE(tries.mayTry("10.0.0.1", kNow + PasswordTries::kInterval));
  tries.wasWrong("10.0.0.1", kNow + PasswordTries::kInterval);
  EXPECT_FALSE(tries.mayTry("10.0.0.1", kNow + PasswordTries::kInterval));
}

TEST(PasswordTries, areBoundedOverTime) {
  PasswordTries tries;
  int tried = 0;
  for (base::MonoTime now = kNow; now < kNow + 1h; now += 100ms) {
    if (!tries.mayTry("10.0.0.1", now)) continue;
    ++tried;
    tries.wasWrong("10.0.0.1", now);
  }
  EXPECT_LE(tried, 1h / PasswordTries::kInterval + PasswordTries::kAtOnce);
}

TEST(PasswordTries, rememberABoundedNumberOfSources) {
  PasswordTries tries;
  for (int count = 0; count < PasswordTries::kAtOnce; ++count) tries.wasWrong("the worst", kNow);
  for (int source = 0; source < 10'000; ++source) tries.wasWrong(std::to_string(source), kNow);
  EXPECT_EQ(tries.sources(), PasswordTries::kSourcesMax);
  EXPECT_FALSE(tries.mayTry("the worst", kNow)) << "whoever tried most is remembered";
}

}  // namespace
}  // namespace spheregate::ops
