#include "device_report.hpp"

#include <gmock/gmock.h>

#include <ctime>

#include "unit/relay/relay_site.hpp"

namespace spheregate::app {
namespace {

// On this thread, so that other work of the machine does not count.
double cpuMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

class DeviceReportTest : public test::RelaySite {
 protected:
  static std::string idOf(int number) {
    const std::string digits = std::to_string(number);
    return std::string(128 - digits.size(), 'a') + digits;
  }
  FleetParts parts() { return {*custody_, *front_, *known_, book_, aliases_, time_.clock}; }
  void open() {
    test::RelaySite::open();
    known_ = std::make_unique<identity::KnownDevices>(*state_, time_.timers, metrics_);
  }

  diagnosis::RefusalBook book_{time_.clock, metrics_};
  identity::Aliases aliases_;
  std::unique_ptr<identity::KnownDevices> known_;
};

TEST_F(DeviceReportTest, aPageOfTenThousandDevicesDoesNotHoldUpTheLoop) {
  open();
  constexpr int kDevices = 10'000;
  for (int number = 0; number < kDevices; ++number) (void)custody_->device(idOf(number));
  for (int number = 0; number < 4'000; ++number) {
    book_.add({.stage = diagnosis::Stage::tls, .device = idOf(number), .source = std::to_string(number % 100), .peer = "p", .result = "expired",
               .reason = "r", .fix = "f", .serverName = {}, .protocol = {}, .certificate = {}});
  }
  const double began = cpuMilliseconds();
  const Page page = pageOf(parts(), {.limit = 1000, .after = {}, .search = "9", .state = {}});
  nlohmann::json devices = nlohmann::json::array();
  for (const std::string& id : page.ids) devices.push_back(deviceJson(parts(), id));
  const std::size_t bytes = devices.dump(2).size();
  const double took = cpuMilliseconds() - began;
  EXPECT_EQ(page.ids.size(), 1000u);
  EXPECT_TRUE(page.more);
  std::printf("a page of 1,000 of %d devices, %zu bytes: %.1f ms\n", kDevices, bytes, took);
  EXPECT_LT(took, 500) << "it takes some 10 ms without sanitizers";
}

TEST_F(DeviceReportTest, pagesJoinToTheWholeListInOrder) {
  open();
  for (int number = 0; number < 25; ++number) (void)custody_->device(idOf(number));
  known_->seen(idOf(30), "ca", 1'700'000'000);
  std::vector<std::string> all;
  for (std::string after;;) {
    const Page page = pageOf(parts(), {.limit = 10, .after = after, .search = {}, .state = {}});
    EXPECT_EQ(page.total, 26u);
    all.insert(all.end(), page.ids.begin(), page.ids.end());
    if (!page.more) break;
    after = page.ids.back();
  }
  EXPECT_EQ(all.size(), 26u);
  EXPECT_TRUE(std::is_sorted(all.begin(), all.end()));
  EXPECT_EQ(deviceJson(parts(), idOf(30)).value("last_seen", ""), "2023-11-14T22:13:20Z");
}

TEST_F(DeviceReportTest, aDeviceIsFoundByAllItsNames) {
  open();
  (void)custody_->device(idOf(1));
  (void)custody_->device(idOf(2));
  std::string upper = idOf(1);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  EXPECT_FALSE(aliases_.add(idOf(2), "pump"));
  EXPECT_EQ(meant(parts(), idOf(1)).id, idOf(1));
  EXPECT_EQ(meant(parts(), "pump").id, idOf(2));
  EXPECT_EQ(meant(parts(), upper).id, idOf(1));
  EXPECT_THAT(meant(parts(), upper).note, testing::HasSubstr("another letter case"));
  EXPECT_EQ(meant(parts(), "aaaaaaaa\u2026aaa2").id, idOf(2));
  EXPECT_EQ(meant(parts(), "aaaaaaaa...aaa2").id, idOf(2));
  EXPECT_EQ(meant(parts(), "a...").id, "");
  EXPECT_THAT(meant(parts(), "a...").note, testing::HasSubstr("2 devices fit"));
  EXPECT_EQ(meant(parts(), "nobody").id, "");
}

TEST_F(DeviceReportTest, theBeginningOfAnIdIsEnoughToReadAboutIt) {
  open();
  for (const char* id : {"913ae7f1-pump", "913ae7f2-pump", "913ae7f2-fan"}) (void)custody_->device(id);
  EXPECT_EQ(meant(parts(), "913ae7f1", Beginnings::taken).id, "913ae7f1-pump");
  EXPECT_EQ(meant(parts(), "913ae7f1").id, "") << "what changes something wants more than a beginning";
  EXPECT_EQ(meant(parts(), "913ae7f", Beginnings::taken).id, "") << "too short";
  EXPECT_TRUE(meant(parts(), "913ae7f", Beginnings::taken).note.starts_with("this is only the beginning of an id"));
  const Meant several = meant(parts(), "913ae7f2", Beginnings::taken);
  EXPECT_EQ(several.id, "");
  EXPECT_THAT(several.note, testing::AllOf(testing::HasSubstr("2 devices fit"), testing::HasSubstr("913ae7f2-fan"),
                                           testing::HasSubstr("913ae7f2-pump")));
  (void)custody_->device("913ae7f2");
  EXPECT_EQ(meant(parts(), "913ae7f2", Beginnings::taken).id, "913ae7f2") << "a whole id goes before";
}

}  // namespace
}  // namespace spheregate::app
