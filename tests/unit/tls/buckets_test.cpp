#include "buckets.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spheregate::tls {
namespace {

using std::chrono::milliseconds;

constexpr base::MonoTime kStart{std::chrono::hours{1}};

TEST(Buckets, allowsABurstAndThenTheRate) {
  Buckets buckets{5, 20, 10};
  for (int round = 0; round < 20; ++round) EXPECT_EQ(buckets.take("a", kStart), 0u);
  EXPECT_FALSE(buckets.take("a", kStart));
  EXPECT_FALSE(buckets.take("a", kStart + milliseconds{199}));
  EXPECT_EQ(buckets.take("a", kStart + milliseconds{201}), 2u);
  EXPECT_FALSE(buckets.take("a", kStart + milliseconds{202}));
  EXPECT_EQ(buckets.take("b", kStart), 0u);
}

TEST(Buckets, neverHoldMoreThanTheBurst) {
  Buckets buckets{5, 2, 10};
  EXPECT_TRUE(buckets.take("a", kStart));
  const auto later = kStart + std::chrono::hours{5};
  EXPECT_TRUE(buckets.take("a", later));
  EXPECT_TRUE(buckets.take("a", later));
  EXPECT_FALSE(buckets.take("a", later));
}

TEST(Buckets, forgetTheKeyThatWasNotSeenLongest) {
  Buckets buckets{0.1, 1, 3};
  for (const char* key : {"a", "b", "c", "a"}) buckets.take(key, kStart);
  buckets.take("d", kStart);
  EXPECT_EQ(buckets.size(), 3u);
  EXPECT_FALSE(buckets.take("a", kStart)) << "a was seen after b";
  EXPECT_EQ(buckets.take("b", kStart), 0u);
}

TEST(Buckets, countWhatWasRefusedElsewhere) {
  Buckets buckets{1, 2, 3};
  buckets.take("a", kStart);
  buckets.count("a", 7);
  EXPECT_EQ(buckets.take("a", kStart), 7u);
}

}  // namespace
}  // namespace spheregate::tls
