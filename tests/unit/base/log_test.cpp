#include "spheregate/base/log.hpp"

#include <gtest/gtest.h>

#include <string>

#include "spheregate/base/log_allowance.hpp"
#include "spheregate/base/utf8.hpp"

namespace spheregate::base {
namespace {

std::string written(LogFormat format, const std::string& value) {
  configureLog(LogLevel::info, format);
  ::testing::internal::CaptureStderr();
  logInfo("event", {{"key", value}});
  const std::string line = ::testing::internal::GetCapturedStderr();
  configureLog(LogLevel::silent, LogFormat::text);
  return line;
}

// What stands behind the key, up to the end of the line.
std::string inText(const std::string& value) {
  const std::string line = written(LogFormat::text, value);
  const auto begin = line.find("key=") + 4;
  return line.substr(begin, line.size() - begin - 1);
}

std::string inJson(const std::string& value) {
  const std::string line = written(LogFormat::json, value);
  const auto begin = line.find("\"key\":") + 6;
  return line.substr(begin, line.size() - begin - 2);
}

// The fields of a line.
std::string lineOf(LogFormat format, std::initializer_list<LogField> fields) {
  configureLog(LogLevel::info, format);
  ::testing::internal::CaptureStderr();
  log(LogLevel::info, "seen", fields);
  const std::string line = ::testing::internal::GetCapturedStderr();
  configureLog(LogLevel::silent, LogFormat::text);
  const std::string before = format == LogFormat::json ? "\"seen\"," : "seen ";
  const auto begin = line.find(before) + before.size();
  return line.substr(begin, line.size() - begin - 1);
}

TEST(Log, showsHonestTextAsItIs) {
  EXPECT_EQ(inText("leaf-1"), "leaf-1");
  EXPECT_EQ(inText("gr\u00fcn"), "gr\u00fcn");
  EXPECT_EQ(inText("two words"), "\"two words\"");
  EXPECT_EQ(inJson("gr\u00fcn \"\\"), "\"gr\u00fcn \\\"\\\\\"");
}

TEST(Log, obeysNothingThatAPeerSent) {
  EXPECT_EQ(inText("a\nb\x7f"), "\"a\\u000ab\\u007f\"");
  EXPECT_EQ(inText("\u009b31m"), "\"\\u009b31m\"");
  EXPECT_EQ(inText("a\u2028b\u2029"), "\"a\\u2028b\\u2029\"");
  EXPECT_EQ(inText("\u202ex\u2066y\u200f"), "\"\\u202ex\\u2066y\\u200f\"");
  EXPECT_EQ(inJson("\u0085\u202e"), "\"\\u0085\\u202e\"");
}

TEST(Log, isAlwaysUtf8) {
  EXPECT_EQ(inText("a\xff\xc3"), "\"a\\xff\\xc3\"");
  EXPECT_EQ(inText("\x9b"), "\"\\x9b\"");
  EXPECT_EQ(inJson("a\xff\xc3"), "\"a\\ufffd\\ufffd\"");
  EXPECT_EQ(inJson("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
}

TEST(Log, cutsLargeValuesBetweenCharacters) {
  EXPECT_EQ(inText(std::string(1024, 'x')), std::string(1024, 'x'));
  EXPECT_EQ(inText(std::string(1025, 'x')), std::string(1024, 'x') + "\u2026");
  EXPECT_EQ(inText(std::string(1023, 'x') + "\u00fc"), std::string(1023, 'x') + "\u2026");
  EXPECT_EQ(inJson(std::string(90'000, 'x')).size(), 1024 + std::string{"\"\u2026\""}.size());
}

TEST(Log, showsWhatPeopleCallADevice) {
  const std::string id = std::string(124, 'a') + "0123";
  const std::string other = std::string(124, 'b') + "4567";
  EXPECT_EQ(lineOf(LogFormat::text, {{"device", id}}), "device=aaaaaaaa\u20260123");
  EXPECT_EQ(lineOf(LogFormat::text, {{"reason", id}}), "reason=" + id) << "only ids are shortened";
  EXPECT_EQ(lineOf(LogFormat::text, {{"device", "plant-north-building-4-line-2-pump-7"}}), "device=plant-north-building-4-line-2-pump-7");
  nameDevices([&](std::string_view asked) { return asked == id ? "pump-3" : ""; });
  EXPECT_EQ(lineOf(LogFormat::text, {{"cn", id}, {"device", other}}), "cn=pump-3 device=bbbbbbbb\u20264567");
  EXPECT_EQ(lineOf(LogFormat::json, {{"device", id}}), "\"device\":\"" + id + "\",\"alias\":\"pump-3\"}");
  EXPECT_EQ(lineOf(LogFormat::json, {{"device", other}}), "\"device\":\"" + other + "\"}");
  nameDevices({});
  EXPECT_EQ(lineOf(LogFormat::text, {{"device", id}}), "device=aaaaaaaa\u20260123");
}

TEST(Log, leavesOutWhatHasNoValue) {
  EXPECT_EQ(lineOf(LogFormat::text, {{"fix", ""}, {"device", "pump"}, moreBefore(0)}), "device=pump");
  EXPECT_EQ(lineOf(LogFormat::text, {{"device", "pump"}, moreBefore(7)}), "device=pump more_before=7");
  EXPECT_EQ(lineOf(LogFormat::json, {{"device", "pump"}, {"detail", ""}, moreBefore(0)}), "\"device\":\"pump\"}");
}

TEST(LogAllowance, givesABurstAndThenOneLineInAWhile) {
  using std::chrono::seconds;
  LogAllowance allowance{3, seconds{60}, 10};
  MonoTime now{std::chrono::hours{1}};
  for (int line = 0; line < 3; ++line) EXPECT_EQ(allowance.pass("a", now), 0u);
  EXPECT_FALSE(allowance.pass("a", now));
  EXPECT_EQ(allowance.pass("b", now), 0u) << "each has its own";
  now += seconds{59};
  EXPECT_FALSE(allowance.pass("a", now));
  now += seconds{1};
  EXPECT_EQ(allowance.pass("a", now), 2u);
  EXPECT_FALSE(allowance.pass("a", now));
  now += seconds{600};
  for (int line = 0; line < 3; ++line) EXPECT_TRUE(allowance.pass("a", now));
  EXPECT_FALSE(allowance.pass("a", now));
}

TEST(LogAllowance, isBoundedWhoeverComes) {
  using std::chrono::seconds;
  LogAllowance allowance{1, seconds{60}, 2};
  MonoTime now{std::chrono::hours{1}};
  EXPECT_TRUE(allowance.pass("a", now));
  EXPECT_TRUE(allowance.pass("b", now));
  EXPECT_FALSE(allowance.pass("c", now)) << "forgetting who is busy would let him begin anew";
  EXPECT_FALSE(allowance.pass("a", now));
  now += seconds{60};
  EXPECT_TRUE(allowance.pass("c", now));
}

}  // namespace
}  // namespace spheregate::base
