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
  EXPECT_EQ(table(findings, false, 0),
            "✓ pass  clock      right\n"
            "✗ fail  tenant ca  /ca.pem: is empty\n"
            "                   fix: fill it\n"
            "! warn  port       8883: slow\n"
            "- skip  hub        not asked\n"
            "1 passed, 1 warning, 1 failed, 1 skipped\n");
  EXPECT_NE(table(findings, true, 0).find("\033[31m"), std::string::npos);
}

TEST(Table, wrapsBetweenWordsUnderTheText) {
  const Findings findings{{.item = "port", .verdict = Verdict::warn, .what = "somebody else listens \u2026 there already", .where = "8883", .fix = "end it, or choose another port for it"},
                          {.item = "disk", .verdict = Verdict::pass, .what = "/a/path/that/is/longer/than/the/line fits", .where = {}, .fix = {}}};
  const std::string narrow = table(findings, false, 42);
  EXPECT_EQ(narrow.substr(0, narrow.find("1 passed")),
            "! warn  port  8883: somebody else listens\n"
            "              \u2026 there already\n"
            "              fix: end it, or choose\n"
            "                   another port for it\n"
            "\u2713 pass  disk  /a/path/that/is/longer/than/the/line\n"
            "              fits\n");
  EXPECT_EQ(table(findings, false, 10), table(findings, false, 0));
}

}  // namespace
}  // namespace spheregate::checkup
