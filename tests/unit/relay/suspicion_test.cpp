#include "suspicion.hpp"

#include <gtest/gtest.h>

namespace spheregate::relay {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class SuspicionTest : public ::testing::Test {
 protected:
  bool closes(queue::Sequence alone, base::Duration after = milliseconds{20}) {
    now += milliseconds{150};
    return suspicion.closed({.alone = alone, .after = after, .now = now, .others = others, .byChance = byChance});
  }

  base::MonoTime now{std::chrono::hours{1}};
  Suspicion::Others others;
  bool byChance = false;
  Suspicion suspicion;
};

TEST_F(SuspicionTest, threeClosesOnOneAloneWhileOthersAreServedAreEnough) {
  EXPECT_FALSE(suspicion.suspects());
  EXPECT_TRUE(closes(0));
  EXPECT_EQ(suspicion.window(32), 1u);
  EXPECT_TRUE(closes(7));
  others.acknowledged += 5;
  EXPECT_TRUE(closes(7));
  EXPECT_TRUE(suspicion.wantsSilence());
  EXPECT_FALSE(suspicion.guilty(7));
  EXPECT_TRUE(closes(7));
  EXPECT_TRUE(suspicion.guilty(7));
  EXPECT_FALSE(suspicion.guilty(8));
  suspicion.settled();
  EXPECT_EQ(suspicion.window(32), 32u);
}

TEST_F(SuspicionTest, withoutOthersAWitnessIsWanted) {
  closes(0);
  for (int time = 0; time < 3; ++time) EXPECT_TRUE(closes(7));
  EXPECT_FALSE(suspicion.guilty(7));
  EXPECT_TRUE(suspicion.wantsWitness(7, now));
  EXPECT_FALSE(suspicion.wantsWitness(7, now + seconds{5})) << "what ended it may be over by then";
  suspicion.witness(8);
  EXPECT_TRUE(suspicion.isWitness(8));
  EXPECT_FALSE(closes(8)) << "no more hurry";
  EXPECT_FALSE(suspicion.wantsWitness(7, now)) << "the accused must be heard again first";
  closes(7);
  EXPECT_TRUE(suspicion.wantsWitness(7, now));
}

TEST_F(SuspicionTest, whenOthersAreCutTooItTakesMoreThanThree) {
  closes(0);
  for (unsigned time = 1; time < Suspicion::kClosesInDoubt; ++time) {
    closes(7);
    others.acknowledged += 5;
    others.cut += 1;
    EXPECT_FALSE(suspicion.guilty(7)) << time;
  }
  closes(7);
  EXPECT_TRUE(suspicion.guilty(7));
}

TEST_F(SuspicionTest, whatOthersDidBeforeOrAfterIsNoEvidence) {
  others.acknowledged = 1000;
  closes(0);
  others.acknowledged = 2000;
  for (int time = 0; time < 3; ++time) closes(7);
  EXPECT_FALSE(suspicion.guilty(7));
  others.acknowledged = 3000;
  EXPECT_FALSE(suspicion.guilty(7)) << "a quota may have ended meanwhile";
}

TEST_F(SuspicionTest, whileTheHubIsInTroubleOnlyAWitnessCounts) {
  closes(0);
  for (int time = 0; time < 5; ++time) {
    now += seconds{20};
    others.acknowledged += 1;
    suspicion.closed({.alone = 7, .after = milliseconds{20}, .now = now, .others = others, .foul = true});
  }
  EXPECT_FALSE(suspicion.guilty(7));
  EXPECT_TRUE(suspicion.wantsWitness(7, now));
}

TEST_F(SuspicionTest, whenNobodyGetsThroughAWitnessIsWantedInTheEnd) {
  closes(0);
  for (unsigned time = 1; time < Suspicion::kClosesInDoubt; ++time) {
    closes(7);
    others.cut += 1;
    EXPECT_FALSE(suspicion.wantsWitness(7, now)) << time;
  }
  closes(7);
  EXPECT_TRUE(suspicion.wantsWitness(7, now));
}

TEST_F(SuspicionTest, oneThatIsAcknowledgedIsInnocentAndTheWindowGrowsAgain) {
  closes(0);
  closes(7);
  closes(7);
  EXPECT_TRUE(suspicion.answered(8)) << "the hub closed by chance";
  EXPECT_EQ(suspicion.window(8), 2u);
  EXPECT_FALSE(suspicion.wantsSilence());
  EXPECT_FALSE(suspicion.answered(8));
  EXPECT_FALSE(suspicion.answered(8));
  EXPECT_FALSE(suspicion.suspects());
}

TEST_F(SuspicionTest, aHubThatClosedByChanceIsNotBelievedSoSoon) {
  byChance = true;
  closes(0);
  for (unsigned time = 1; time < Suspicion::kClosesInDoubt; ++time) {
    closes(8);
    others.acknowledged += 5;
    EXPECT_FALSE(suspicion.guilty(8)) << time;
  }
  closes(8);
  EXPECT_TRUE(suspicion.guilty(8));
}

TEST_F(SuspicionTest, aCloseInTheSilenceOrLongAfterTheMessageHasAnotherCause) {
  closes(0);
  closes(7);
  closes(7);
  suspicion.closedIdle();
  others.acknowledged += 5;
  closes(7);
  EXPECT_FALSE(suspicion.guilty(7));
  closes(7);
  closes(7, seconds{30});
  closes(7);
  others.acknowledged += 5;
  EXPECT_FALSE(suspicion.guilty(7));
}

TEST_F(SuspicionTest, anotherHeadBeginsAtOne) {
  closes(0);
  closes(7);
  closes(7);
  others.acknowledged += 5;
  closes(8);
  EXPECT_FALSE(suspicion.guilty(8));
  EXPECT_FALSE(suspicion.guilty(7));
}

TEST_F(SuspicionTest, hurriesAreFew) {
  int hurries = 0;
  for (int time = 0; time < 60; ++time) hurries += closes(0) ? 1 : 0;
  EXPECT_LE(hurries, 5) << "within ten seconds";
}

}  // namespace
}  // namespace spheregate::relay
