#include "spheregate/identity/known_devices.hpp"

#include <gtest/gtest.h>

#include "simulation/memory_store.hpp"
#include "unit/fakes.hpp"

namespace spheregate::identity {
namespace {

const std::string kCaA(64, 'a');
const std::string kCaB(64, 'b');
constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kNow = 1'700'000'000;

class KnownDevicesTest : public testing::Test {
 protected:
  std::map<std::string, std::string>& rows() { return disk.of(state::Table::knownDevices); }
  std::uint64_t counted(const std::string& name) { return metrics.counter(name, "").value(); }

  test::ManualTime time;
  metrics::Registry metrics;
  simulation::MemoryTables disk;
  simulation::MemoryStore store{time.timers, disk};
};

TEST_F(KnownDevicesTest, remembersWhoWasSeenAcrossARestart) {
  {
    KnownDevices known{store, time.timers, metrics};
    EXPECT_FALSE(known.knows("d"));
    EXPECT_TRUE(known.seen("d", kCaA, kNow));
    EXPECT_FALSE(known.seen("d", kCaA, kNow + 5));
    time.settle();
  }
  EXPECT_EQ(rows().at("d"), "1 " + kCaA + " 1700000000 1700000000");
  const KnownDevices again{store, time.timers, metrics};
  EXPECT_TRUE(again.knows("d"));
  EXPECT_EQ(again.of("d"), (Sighting{kCaA, kNow, kNow}));
  EXPECT_EQ(again.seenBy(kCaA), 1u);
  EXPECT_FALSE(again.of("e"));
}

TEST_F(KnownDevicesTest, writesOnlyWhatIsNew) {
  KnownDevices known{store, time.timers, metrics};
  known.seen("d", kCaA, kNow);
  time.settle();
  for (int minute = 1; minute < 24 * 60; ++minute) known.seen("d", kCaA, kNow + 60 * minute);
  EXPECT_EQ(store.waiting(), 0u) << "a day of reconnects";
  EXPECT_EQ(known.of("d")->lastSeconds, kNow + kDay - 60);
  known.seen("d", kCaA, kNow + kDay);
  EXPECT_EQ(store.waiting(), 1u);
  known.seen("d", kCaB, kNow + kDay + 1);
  EXPECT_EQ(store.waiting(), 2u);
  time.settle();
  EXPECT_EQ(rows().at("d"), "1 " + kCaB + " 1700000000 1700086401");
}

TEST_F(KnownDevicesTest, countsEachDeviceForItsLatestCa) {
  KnownDevices known{store, time.timers, metrics};
  known.seen("d", kCaA, kNow);
  known.seen("e", kCaA, kNow);
  EXPECT_EQ(known.seenBy(kCaA), 2u);
  known.seen("d", kCaB, kNow + 1);
  EXPECT_EQ(known.seenBy(kCaA), 1u);
  EXPECT_EQ(known.seenBy(kCaB), 1u);
  known.seen("e", kCaB, kNow + 1);
  EXPECT_EQ(known.seenBy(kCaA), 0u);
}

TEST_F(KnownDevicesTest, ignoresRowsThatNobodyWrote) {
  rows() = {{"good", "1 " + kCaA + " 5 6"},
            {"", "1 " + kCaA + " 5 6"},
            {"a", ""},
            {"b", "2 " + kCaA + " 5 6"},
            {"c", "1 " + std::string(64, 'X') + " 5 6"},
            {"d", "1 " + kCaA + " 5 -6"},
            {"e", "1 " + kCaA + " 5 6 "},
            {"f", "1 " + kCaA + " 99999999999999999999 6"},
            {"g", "1 " + kCaA},
            {"h", "1 " + kCaA + " 5"}};
  const KnownDevices known{store, time.timers, metrics};
  EXPECT_EQ(known.size(), 1u);
  EXPECT_TRUE(known.knows("good"));
  EXPECT_EQ(counted("known_devices_unreadable_total"), 9u);
}

TEST_F(KnownDevicesTest, forgetsWhoWasSeenLongestAgo) {
  KnownDevices known{store, time.timers, metrics, 3};
  for (const char* device : {"a", "b", "c"}) known.seen(device, kCaA, kNow);
  known.seen("a", kCaA, kNow + 1);
  known.seen("d", kCaB, kNow + 2);
  time.settle();
  EXPECT_FALSE(known.knows("b"));
  EXPECT_EQ(known.size(), 3u);
  EXPECT_EQ(known.seenBy(kCaA), 2u);
  EXPECT_EQ(counted("known_devices_forgotten_total"), 1u);
  EXPECT_FALSE(rows().contains("b"));
  // A smaller limit after a restart: the same rule, by what the rows say.
  KnownDevices fewer{store, time.timers, metrics, 1};
  EXPECT_TRUE(fewer.knows("d"));
  time.settle();
  EXPECT_EQ(rows().size(), 1u);
}

TEST_F(KnownDevicesTest, offersAgainWhatTheDiskDidNotTake) {
  KnownDevices known{store, time.timers, metrics};
  store.failFor(1);
  known.seen("d", kCaA, kNow);
  time.settle();
  EXPECT_TRUE(rows().empty());
  EXPECT_TRUE(known.knows("d"));
  time.pass(std::chrono::seconds{31});
  EXPECT_TRUE(rows().contains("d"));
}

TEST_F(KnownDevicesTest, aWholeFleetTakesTurnsAtTheStore) {
  KnownDevices known{store, time.timers, metrics};
  constexpr std::size_t fleet = 2000;
  for (std::size_t n = 0; n < fleet; ++n) known.seen(std::to_string(n), kCaA, kNow);
  EXPECT_LE(store.waiting(), 256u);
  time.settle();
  EXPECT_EQ(rows().size(), fleet);
}

TEST_F(KnownDevicesTest, withoutAStoreKnowsOnlyWhoWasSeenSinceTheStart) {
  rows() = {{"before", "1 " + kCaA + " 5 6"}};
  store.breakDown("no disk");
  KnownDevices known{store, time.timers, metrics};
  EXPECT_FALSE(known.knows("before"));
  known.seen("d", kCaA, kNow);
  EXPECT_TRUE(known.knows("d"));
  EXPECT_EQ(store.waiting(), 0u);
}

}  // namespace
}  // namespace spheregate::identity
