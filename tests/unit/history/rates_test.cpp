#include "spheregate/history/rates.hpp"

#include <gtest/gtest.h>

namespace spheregate::history {
namespace {

using namespace std::chrono_literals;

constexpr base::MonoTime kStart{1h};

Sample counts(std::uint64_t accepted, std::uint64_t delivered) {
  Sample sample;
  sample.accepted = accepted;
  sample.delivered = delivered;
  return sample;
}

TEST(Rates, areNothingBeforeThereAreTwoSamples) {
  Rates rates;
  EXPECT_EQ(rates.perSecond().accepted, 0);
  rates.take(kStart, counts(1'000'000, 5));
  EXPECT_EQ(rates.perSecond().accepted, 0) << "what a former life of the store counted came at no rate";
  rates.take(kStart, counts(1'000'010, 5));
  EXPECT_EQ(rates.perSecond().accepted, 0) << "no time has passed";
}

TEST(Rates, areTheMeanOfTheLastTenSeconds) {
  Rates rates;
  std::uint64_t accepted = 0;
  for (int second = 0; second <= 20; second += 2) {
    rates.take(kStart + second * 1s, counts(accepted, accepted / 2));
    accepted += 200;
  }
  EXPECT_DOUBLE_EQ(rates.perSecond().accepted, 100);
  EXPECT_DOUBLE_EQ(rates.perSecond().delivered, 50);
  // Silence: a second later it is a little less, ten seconds later nothing.
  rates.take(kStart + 22s, counts(accepted - 200, 0));
  EXPECT_DOUBLE_EQ(rates.perSecond().accepted, 80);
  for (int second = 24; second <= 32; second += 2) rates.take(kStart + second * 1s, counts(accepted - 200, 0));
  EXPECT_DOUBLE_EQ(rates.perSecond().accepted, 0);
}

// A loop that was held up, or a sampler that is too eager.
TEST(Rates, doNotDependOnAnEvenBeat) {
  Rates rates;
  rates.take(kStart, counts(0, 0));
  rates.take(kStart + 60s, counts(600, 0));
  EXPECT_DOUBLE_EQ(rates.perSecond().accepted, 10);
  for (int sample = 1; sample <= 100'000; ++sample) rates.take(kStart + 60s + sample * 1ms, counts(600 + static_cast<std::uint64_t>(sample), 0));
  EXPECT_NEAR(rates.perSecond().accepted, 1000, 1);
}

}  // namespace
}  // namespace spheregate::history
