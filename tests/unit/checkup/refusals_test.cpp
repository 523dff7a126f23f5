#include <gtest/gtest.h>

#include "items.hpp"

namespace spheregate::checkup {
namespace {

Finding onlyOne(const Subject& subject) {
  const Findings found = lookAtRefusals(subject);
  EXPECT_EQ(found.size(), 1u);
  return found.at(0);
}

TEST(Refusals, nameWhoIsRefused) {
  Subject subject;
  subject.daemon.running = true;
  subject.daemon.refusals.push_back({.label = "expired", .reason = "it ended", .fix = "renew it", .count = 1, .who = {"pump-3"}});
  EXPECT_EQ(onlyOne(subject).where, "device pump-3");
  EXPECT_EQ(onlyOne(subject).what, "once expired: it ended");
  subject.daemon.refusals[0].who = {"a", "b", "c", "d", "e"};
  subject.daemon.refusals[0].count = 7;
  EXPECT_EQ(onlyOne(subject).where, "devices a, b, c and 2 more");
  EXPECT_EQ(onlyOne(subject).what, "7 times expired: it ended");
}

TEST(Refusals, ofAnEarlierCheckAreNoFaultAndNoSecret) {
  Subject subject;
  subject.daemon.running = true;
  EXPECT_EQ(onlyOne(subject).what, "nobody was refused lately");
  subject.daemon.knocksOfChecks = 3;
  EXPECT_EQ(onlyOne(subject).verdict, Verdict::pass);
  EXPECT_EQ(onlyOne(subject).what, "nobody was refused lately but spheregate-check, the name in the certificate of `check --as-device`, 3 times");
}

}  // namespace
}  // namespace spheregate::checkup
