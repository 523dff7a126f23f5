#include "calendar.hpp"

#include <gmock/gmock.h>

#include <sstream>

#include "spheregate/base/log.hpp"
#include "unit/fakes.hpp"

namespace spheregate::app {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using Lines = std::vector<std::string>;

constexpr std::int64_t kDay = 24 * 3600;

class CalendarTest : public testing::Test {
 protected:
  CalendarTest() { base::configureLog(base::LogLevel::info, base::LogFormat::text); }

  std::int64_t now() const { return std::chrono::system_clock::to_time_t(time.clock.wall()); }
  Dated certificate(const std::string& label, std::int64_t daysOld, std::int64_t daysLeft) const {
    return {.label = label, .what = "tenant CA", .name = "CN=A", .file = "/a.pem", .beginsSeconds = now() - daysOld * kDay,
            .endsSeconds = now() + daysLeft * kDay, .fix = "get another"};
  }
  // What is logged while so many days pass.
  Lines days(std::int64_t count) {
    testing::internal::CaptureStderr();
    time.pass(std::chrono::hours{24 * count});
    Lines lines;
    std::istringstream log{testing::internal::GetCapturedStderr()};
    for (std::string line; std::getline(log, line);) lines.push_back(line);
    return lines;
  }
  Lines look() {
    testing::internal::CaptureStderr();
    calendar.look();
    Lines lines;
    std::istringstream log{testing::internal::GetCapturedStderr()};
    for (std::string line; std::getline(log, line);) lines.push_back(line);
    return lines;
  }
  bool shows(const std::string& label) {
    return metrics.text().find("spheregate_certificate_expiry_timestamp_seconds{certificate=\"" + label + "\"}") != std::string::npos;
  }

  test::ManualTime time;
  metrics::Registry metrics;
  std::vector<Dated> entries;
  Calendar calendar{time.timers, metrics, [this] { return entries; }};
};

TEST_F(CalendarTest, warnsOnceAtEachMarkAndDailyAfterTheEnd) {
  entries = {certificate("a", 600, 130)};
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_THAT(days(9), IsEmpty());
  EXPECT_THAT(days(2), ElementsAre(testing::AllOf(HasSubstr("warn  tenant CA expires soon"), HasSubstr("file=/a.pem"), HasSubstr("left=\"120 d"),
                                                  HasSubstr("fix=\"get another\""))));
  EXPECT_THAT(days(30), ElementsAre(HasSubstr("left=\"90 d")));
  EXPECT_THAT(days(60), ElementsAre(HasSubstr("left=\"30 d")));
  EXPECT_THAT(days(20), IsEmpty());
  EXPECT_THAT(days(8), ElementsAre(HasSubstr("left=\"7 d")));
  EXPECT_THAT(days(4), testing::AllOf(testing::SizeIs(4), testing::Each(HasSubstr("tenant CA expired"))));
}

TEST_F(CalendarTest, aStartBetweenTheMarksWarnsOfTheNearestOnly) {
  entries = {certificate("a", 600, 20)};
  EXPECT_THAT(look(), ElementsAre(HasSubstr("expires soon")));
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_THAT(days(12), IsEmpty());
  EXPECT_THAT(days(2), ElementsAre(HasSubstr("expires soon")));
}

TEST_F(CalendarTest, shortLivesAreNotWarnedOfInTheirFirstHalf) {
  entries = {certificate("acme", 1, 89), certificate("daily", 0, 1)};
  EXPECT_THAT(look(), IsEmpty());
  entries = {entries[0]};
  EXPECT_THAT(days(58), IsEmpty());
  EXPECT_THAT(days(2), ElementsAre(HasSubstr("left=\"30 d")));
}

TEST_F(CalendarTest, aRenewedCertificateBeginsAnew) {
  entries = {certificate("server", 600, 5)};
  EXPECT_THAT(look(), ElementsAre(HasSubstr("expires soon")));
  entries = {certificate("server", 0, 730)};
  EXPECT_THAT(look(), IsEmpty());
  EXPECT_THAT(days(611), ElementsAre(HasSubstr("left=\"120 d")));
}

TEST_F(CalendarTest, aClockThatIsSlowIsNamedOnce) {
  entries = {certificate("a", -1, 300)};
  EXPECT_THAT(look(), ElementsAre(testing::AllOf(HasSubstr("tenant CA not yet valid"), HasSubstr("timedatectl"))));
  EXPECT_THAT(look(), IsEmpty());
}

TEST_F(CalendarTest, theMetricComesAndGoesWithTheCertificate) {
  entries = {certificate("a", 10, 300), certificate("b", 10, 300)};
  look();
  EXPECT_TRUE(shows("a") && shows("b"));
  entries.pop_back();
  look();
  EXPECT_TRUE(shows("a") && !shows("b"));
}

}  // namespace
}  // namespace spheregate::app
