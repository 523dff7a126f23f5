#include "spheregate/checkup/finding.hpp"

#include <gtest/gtest.h>

namespace spheregate::checkup {
namespace {

TEST(Report, splitsTheFixFromTheSentenceOfAnotherRoom) {
  Report report{"files"};
  report.failed("a.pem: is empty; this is more; download it again", "a.pem");
  const Findings found = report.take();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].what, "a.pem: is empty; this is more");
  EXPECT_EQ(found[0].fix, "download it again");
  EXPECT_EQ(found[0].verdict, Verdict::fail);
}

TEST(Report, aSentenceWithoutAFixIsWhole) {
  Report report{"files"};
  report.failed("a.pem: is empty", "a.pem");
  const Findings found = report.take();
  EXPECT_EQ(found[0].what, "a.pem: is empty");
  EXPECT_TRUE(found[0].fix.empty());
}

TEST(Table, alignsTheItemsNamesThePlaceOnceAndEndsWithTheTotals) {
  const Findings findings{{.item = "clock", .verdict = Verdict::pass, .what = "right", .where = {}, .fix = {}},
                          {.item = "tenant ca", .verdict = Verdict::fail, .what = "/ca.pem: is empty", .where = "/ca.pem", .fix = "fill it"},
                          {.item = "port", .verdict = Verdict::warn, .what = "slow", .where = "8883", .fix = {}},
                          {.item = "hub", .verdict = Verdict::skip, .what = "not asked", .where = {}, .fix = {}}};
  EXPECT_EQ(table(findings, false),
            "✓ pass  clock      right\n"
            "✗ fail  tenant ca  /ca.pem: is empty\n"
            "                   fix: fill it\n"
            "! warn  port       8883: slow\n"
            "- skip  hub        not asked\n"
            "1 passed, 1 warning, 1 failed, 1 skipped\n");
  EXPECT_NE(table(findings, true).find("\033[31m"), std::string::npos);
}

}  // namespace
}  // namespace spheregate::checkup
