#include "spheregate/ops/journal.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

namespace spheregate::ops {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Not;
using testing::StartsWith;

const std::string kId = std::string(124, 'a') + "0123";

TEST(Journal, getsEachFieldByItself) {
  const base::LogField fields[] = {{"cn", kId}, {"reason", "two words\nand \x1b[31m a \xff"}, {"in-flight", 3}};
  const base::LogRecord record{.level = base::LogLevel::warn, .event = "device refused", .fields = fields, .alias = "pump-3"};
  EXPECT_THAT(journalFields(record, base::LogFormat::text),
              ElementsAre("MESSAGE=device refused cn=aaaaaaaa\u20260123 reason=\"two words\\u000aand \\u001b[31m a \\xff\" in-flight=3", "PRIORITY=4",
                          "SYSLOG_IDENTIFIER=spheregate", "SPHEREGATE_EVENT=device refused", "SPHEREGATE_CN=" + kId, "SPHEREGATE_DEVICE=" + kId,
                          "SPHEREGATE_REASON=two words\\u000aand \\u001b[31m a \\xff", "SPHEREGATE_IN_FLIGHT=3", "SPHEREGATE_ALIAS=pump-3"));
}

TEST(Journal, hasTheConfiguredFormatAsItsMessage) {
  const base::LogField fields[] = {{"device", kId}};
  const base::LogRecord record{.level = base::LogLevel::debug, .event = "seen", .fields = fields, .alias = {}};
  const auto made = journalFields(record, base::LogFormat::json);
  EXPECT_THAT(made, Contains(StartsWith("MESSAGE={\"time\":\"")));
  EXPECT_THAT(made, Contains("PRIORITY=7"));
  EXPECT_THAT(made, Contains("SPHEREGATE_DEVICE=" + kId).Times(1));
  EXPECT_THAT(made, Not(Contains(StartsWith("SPHEREGATE_ALIAS"))));
}

TEST(Journal, isMeantOnlyWhenStderrIsConnectedToIt) {
  ::unsetenv("JOURNAL_STREAM");
  EXPECT_FALSE(writesToJournal());
  struct stat facts {};
  ASSERT_EQ(::fstat(STDERR_FILENO, &facts), 0);
  ::setenv("JOURNAL_STREAM", (std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino)).c_str(), 1);
  EXPECT_TRUE(writesToJournal());
  ::setenv("JOURNAL_STREAM", (std::to_string(facts.st_dev) + ":" + std::to_string(facts.st_ino + 1)).c_str(), 1);
  EXPECT_FALSE(writesToJournal()) << "stderr was redirected";
  ::setenv("JOURNAL_STREAM", "nonsense", 1);
  EXPECT_FALSE(writesToJournal());
  ::unsetenv("JOURNAL_STREAM");
}

}  // namespace
}  // namespace spheregate::ops
