#include "spheregate/base/log_repeats.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "spheregate/base/log.hpp"

namespace spheregate::base {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

const MonoTime kBegin{std::chrono::hours{1}};

TEST(LogRepeats, writeSoManyLinesOfAnEventInASecond) {
  LogRepeats repeats{3};
  int passed = 0;
  for (int line = 0; line < 10; ++line) passed += repeats.pass("flood", kBegin + milliseconds{line}) ? 1 : 0;
  EXPECT_EQ(passed, 3);
  EXPECT_TRUE(repeats.pass("other", kBegin)) << "each event has its own";
  EXPECT_TRUE(repeats.leftOut(kBegin + milliseconds{999}).empty()) << "the second is not over, and there may be more";
  const auto told = repeats.leftOut(kBegin + seconds{1});
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].event, "flood");
  EXPECT_EQ(told[0].lines, 7u);
  EXPECT_TRUE(repeats.leftOut(kBegin + seconds{2}).empty()) << "each is told once";
  EXPECT_TRUE(repeats.pass("flood", kBegin + seconds{1}));
}

TEST(LogRepeats, countNothingTwiceAndForgetNothing) {
  LogRepeats repeats{5};
  std::uint64_t passed = 0;
  std::uint64_t told = 0;
  for (int step = 0; step < 10'000; ++step) {
    const MonoTime now = kBegin + milliseconds{step * 7};
    for (const LogRepeats::LeftOut& one : repeats.leftOut(now)) told += one.lines;
    passed += repeats.pass("flood", now) ? 1 : 0;
  }
  for (const LogRepeats::LeftOut& one : repeats.leftOut(kBegin + seconds{100})) told += one.lines;
  EXPECT_EQ(passed + told, 10'000u);
  EXPECT_LE(passed, 5u * 71);
}

TEST(LogRepeats, areBoundedWhateverEventsAreCalled) {
  LogRepeats repeats{1};
  std::uint64_t passed = 0;
  for (int event = 0; event < 100'000; ++event) passed += repeats.pass("event " + std::to_string(event), kBegin) ? 1 : 0;
  EXPECT_LT(passed, 1000u) << "beyond those that there can be, all share a place";
}

// The sink sees what is written, whoever logs it.
class LogTest : public ::testing::Test {
 protected:
  LogTest() {
    configureLog(LogLevel::info, LogFormat::text);
    logTo([this](const LogRecord& record) {
      if (!takes) return false;
      std::string line{record.event};
      for (const LogField& field : record.fields) line += " " + std::string{field.name} + "=" + field.value;
      if (!record.alias.empty()) line += " alias=" + std::string{record.alias};
      lines.push_back(line);
      return true;
    });
  }
  ~LogTest() override {
    logTo({});
    nameDevices({});
    configureLog(LogLevel::silent, LogFormat::text);
  }
  std::vector<std::string> lines;
  bool takes = true;
};

TEST_F(LogTest, goesToTheSinkAndToStderrWhenThatFails) {
  nameDevices([](std::string_view id) { return id == "dev" ? std::string{"pump"} : std::string{}; });
  logInfo("seen", {{"peer", "p"}, {"cn", "dev"}});
  logDebug("not seen");
  EXPECT_EQ(lines, std::vector<std::string>{"seen peer=p cn=dev alias=pump"});
  takes = false;
  ::testing::internal::CaptureStderr();
  logWarn("fallen back", {{"x", 1}});
  EXPECT_NE(::testing::internal::GetCapturedStderr().find("warn  fallen back x=1\n"), std::string::npos);
}

TEST_F(LogTest, aFloodIsCutAndCounted) {
  const LogCounts before = logCounts();
  for (int number = 0; number < 1000; ++number) logInfo("a flood of this test", {{"number", number}});
  const LogCounts after = logCounts();
  // The second may end in between.
  EXPECT_LE(lines.size(), 2 * kLogRepeatsMax + 1);
  EXPECT_EQ(after.lines[1] - before.lines[1] + after.leftOut - before.leftOut, 1000u);
  EXPECT_GE(after.leftOut - before.leftOut, 1000u - 2 * kLogRepeatsMax);
}

}  // namespace
}  // namespace spheregate::base
