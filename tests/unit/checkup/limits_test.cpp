#include <gtest/gtest.h>

#include <limits>

#include "items.hpp"
#include "spheregate/checkup/file_limit.hpp"

namespace spheregate::checkup {
namespace {

constexpr const char* kText =
    "Limit                     Soft Limit           Hard Limit           Units     \n"
    "Max processes             4096                 4096                 processes \n"
    "Max open files            1024                 65536                files     \n"
    "Max locked memory         65536                65536                bytes     \n";

TEST(FileLimit, isReadAsTheKernelWritesIt) {
  const auto limit = fileLimitIn(kText);
  ASSERT_TRUE(limit);
  EXPECT_EQ(limit->inEffect, 1024u);
  EXPECT_EQ(limit->most, 65536u);
  EXPECT_EQ(fileLimitIn("Max open files  unlimited unlimited files")->most, std::numeric_limits<std::uint64_t>::max());
  for (const char* wrong : {"", "Max open files", "Max open files 1024", "Max open files a b"}) EXPECT_FALSE(fileLimitIn(wrong)) << wrong;
}

TEST(FileLimit, isRaisedWhereItIsTooSmall) {
  EXPECT_NE(fileLimitFix(20'100, FileLimit{1024, 65'536}).find("LimitNOFILE="), std::string::npos);
  const std::string unseen = fileLimitFix(20'100, std::nullopt);
  EXPECT_NE(unseen.find("LimitNOFILE="), std::string::npos) << unseen;
  EXPECT_NE(unseen.find("/proc/1/limits"), std::string::npos) << unseen;
  const std::string machines = fileLimitFix(20'100, FileLimit{1024, 4096});
  EXPECT_NE(machines.find("a limit of 4096 itself (/proc/1/limits)"), std::string::npos) << machines;
  EXPECT_EQ(machines.find("LimitNOFILE="), std::string::npos) << machines;
}

TEST(Limits, areTheDaemonsWhileItRuns) {
  Subject subject;
  subject.config.listener.connectionsMax = 1000;
  subject.daemon.files = FileLimit{2100, 2100};
  Findings found = lookAtLimits(subject);
  EXPECT_EQ(found.at(0).verdict, Verdict::pass);
  EXPECT_EQ(found.at(0).what, "devices.max_connections 1000 needs 2100 open files, the running daemon may have 2100");
  subject.daemon.files = FileLimit{2099, 1'000'000};
  found = lookAtLimits(subject);
  EXPECT_EQ(found.at(0).verdict, Verdict::warn);
  EXPECT_FALSE(found.at(0).fix.empty());
}

}  // namespace
}  // namespace spheregate::checkup
