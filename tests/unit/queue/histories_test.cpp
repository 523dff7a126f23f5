#include <algorithm>

#include "store_fixture.hpp"

// Longer histories that once went wrong.
namespace spheregate::queue {
namespace {

// A disk on which some things do not work for a while.
class BrokenDisk final : public Disk {
 public:
  explicit BrokenDisk(Disk& disk) : disk_{disk} {}
  base::Result<std::vector<DiskEntry>> list(std::string_view subdirectory) override { return disk_.list(subdirectory); }
  base::Result<std::unique_ptr<DiskFile>> create(std::string_view name) override { return disk_.create(name); }
  base::Result<std::unique_ptr<DiskFile>> open(std::string_view name) override {
    if (openFails) return boost::system::errc::make_error_code(boost::system::errc::too_many_files_open);
    return disk_.open(name);
  }
  base::Result<void> remove(std::string_view name) override { return disk_.remove(name); }
  base::Result<void> setAside(std::string_view name, std::string_view subdirectory) override {
    if (setAsideFails) return boost::system::errc::make_error_code(boost::system::errc::io_error);
    return disk_.setAside(name, subdirectory);
  }
  base::Result<void> syncDirectory() override { return disk_.syncDirectory(); }
  bool openFails = false;
  bool setAsideFails = false;

 private:
  Disk& disk_;
};

class HistoriesTest : public StoreTest {
 protected:
  ~HistoriesTest() override { life.reset(); }
  void startOn(Disk& other) { life = std::make_unique<Life>(settings, other, time.timers); }
  std::vector<DeviceKey> devices(int count) {
    std::vector<DeviceKey> keys;
    for (int number = 0; number < count; ++number) keys.push_back(device("d" + std::to_string(number)));
    return keys;
  }
  void steps(int most) {
    do {
      time.settle();
    } while (most-- > 0 && life->runner.step());
  }
};

TEST_F(HistoriesTest, aDiskThatDoesNotAnswerForAWhileCostsNothing) {
  BrokenDisk broken{disk};
  start();
  store(device(), 1, 100);
  kill();
  startOn(broken);
  broken.openFails = true;
  EXPECT_FALSE(custody().next(device(), 8));
  pass(std::chrono::minutes{5});
  EXPECT_EQ(custody().queuedMessages(), 100u);
  broken.openFails = false;
  pass(std::chrono::seconds{2});
  EXPECT_EQ(drain(device()), range(1, 100));
}

TEST_F(HistoriesTest, aSectorThatStaysBadCostsItsMessageAlone) {
  start();
  store(device(), 1, 20);
  restart();
  disk.breakSector(600, 601);
  std::vector<int> found = drain(device());
  EXPECT_LT(found.size(), 19u) << "it waits for the disk";
  for (int second = 0; second < 35; ++second) pass(std::chrono::seconds{1});
  for (const int number : drain(device())) found.push_back(number);
  EXPECT_EQ(found.size(), 19u);
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
  EXPECT_EQ(custody().totals().dropped, 1u);
  expectBalance();
}

TEST_F(HistoriesTest, aBadSectorAtTheStartCostsWhatIsInIt) {
  start();
  store(device(), 1, 60);
  kill();
  disk.breakSector(5000, 5001);
  start();
  disk.breakSector(0, 0);
  const std::vector<int> found = drain(device());
  EXPECT_GE(found.size(), 40u);
  EXPECT_EQ(found.size() + custody().totals().dropped, 60u);
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
}

TEST_F(HistoriesTest, aStoreThatCannotBeOpenedIsLeftAsItIs) {
  BrokenDisk broken{disk};
  start();
  store(device(), 1, 10);
  kill();
  broken.openFails = true;
  startOn(broken);
  settle();
  EXPECT_FALSE(custody().isOpen());
  life.reset();
  start();
  EXPECT_EQ(drain(device()), range(1, 10));
}

TEST_F(HistoriesTest, readsUnderWayWhenTheUplinkIsCutDoNotFillTheMemory) {
  settings.bytesMax = 64 << 20;
  settings.segmentBytes = settings.memoryBytesMax = 1 << 20;
  start();
  for (const DeviceKey key : devices(40)) store(key, 1, 100, 1000);
  restart();
  const auto keys = devices(40);
  for (const DeviceKey key : keys) custody().next(key, 32);
  for (const DeviceKey key : keys) custody().rewind(key);
  settle();
  EXPECT_EQ(accept(keys[0], body(1, 1000)).acceptance, Acceptance::taken);
}

TEST_F(HistoriesTest, readingAheadKeepsToTheMemory) {
  settings.bytesMax = 64 << 20;
  settings.segmentBytes = settings.memoryBytesMax = 1 << 20;
  start();
  for (const DeviceKey key : devices(100)) store(key, 1, 100, 1000);
  restart();
  const auto keys = devices(100);
  for (const DeviceKey key : keys) {
    for (int tries = 0; tries < 40; ++tries) {
      if (!custody().next(key, 32)) settle();
    }
    pass(std::chrono::milliseconds{20});
  }
  EXPECT_EQ(accept(keys[0], body(1, 1000)).acceptance, Acceptance::taken);
  // And nobody waits for ever.
  for (const DeviceKey key : keys) {
    custody().rewind(key);
    EXPECT_GE(drain(key).size(), 100u);
  }
}

TEST_F(HistoriesTest, dropOldestGivesUpOneSegmentAtATime) {
  settings.whenFull = WhenFull::dropOldest;
  start();
  const DeviceKey key = device();
  int number = 0;
  do {
    accept(key, body(++number, 300));
    settle();
  } while (custody().totals().dropped == 0);
  EXPECT_LE(custody().totals().dropped, settings.segmentBytes / 329 + 5);
}

// The sync fails, an operator restarts the daemon, and then the power fails: what the daemon believed in between must be true.
TEST_F(HistoriesTest, aRestartAfterAFailedSyncBelievesOnlyWhatIsOnTheDisk) {
  for (int failAt = 150; failAt < 400; ++failAt) {
    disk = simulation::FakeDisk{};
    start();
    const DeviceKey stuck = device("stuck");
    const DeviceKey busy = device("busy");
    disk.failSyncsFrom(failAt);
    int sent = 0;
    int acknowledged = 0;
    for (int round = 0; round < 300 && custody().isOpen(); ++round) {
      if (round % 4 == 0) {
        accept(stuck, body(++sent));
        settle();
        acknowledged = static_cast<int>(life->user.safeThrough[stuck]);
      }
      for (int count = 0; count < 30 && custody().isOpen(); ++count) accept(busy, body(count));
      settle();
      for (int count = 0; custody().isOpen() && round > 120 && count < 34; ++count) {
        const auto outgoing = custody().next(busy, 64);
        if (outgoing) custody().delivered(busy, outgoing->sequence);
      }
      settle();
    }
    kill();
    disk.failSyncsFrom(0);
    start();
    pass(std::chrono::seconds{3});
    life.reset();
    std::mt19937_64 random{static_cast<std::uint64_t>(failAt) * 7919};
    disk.powerFail(random);
    start();
    const std::vector<int> found = drain(device("stuck"));
    for (int number = 1; number <= acknowledged; ++number) {
      ASSERT_NE(std::find(found.begin(), found.end(), number), found.end()) << number << " with the sync failing at " << failAt;
    }
    life.reset();
  }
}

// A stuck device holds more than half of most segments; of the others' messages only the releases are left.
class CrowdedTest : public HistoriesTest {
 protected:
  void crowd(std::uint64_t diskBytes) {
    settings.bytesMax = 4 << 20;
    settings.segmentBytes = 64 * 1024;
    start();
    const DeviceKey stuck = device("stuck");
    busy = devices(8);
    int number = 0;
    for (bool full = false; !full && custody().diskBytes() < diskBytes;) {
      for (const DeviceKey key : busy) {
        full = accept(stuck, body(++number, 60)).acceptance != Acceptance::taken || accept(key, body(number, 20)).acceptance != Acceptance::taken;
        if (full) break;
      }
      settle();
    }
    // One release at a time, so that each is a record of its own.
    for (int rounds = 0; rounds < 100'000; ++rounds) {
      bool more = false;
      for (const DeviceKey key : busy) {
        if (const auto outgoing = custody().next(key, 1)) custody().delivered(key, outgoing->sequence);
        steps(6);
        more |= custody().hasBacklog(key);
      }
      if (!more) return;
    }
    FAIL() << "did not drain";
  }
  std::vector<DeviceKey> busy;
};

TEST_F(CrowdedTest, anIdleStoreIsNotRewrittenForEver) {
  crowd(4 << 20);
  int jobs = 0;
  do {
    time.settle();
  } while (life->runner.step() && ++jobs < 5000);
  EXPECT_LT(jobs, 5000);
}

TEST_F(CrowdedTest, deliveredMessagesStayDeliveredWhateverIsMovedAbout) {
  crowd(2'500'000);
  const DeviceKey fresh = device("fresh");
  std::mt19937_64 random{3};
  for (int round = 0; round < 300; ++round) {
    for (int count = 0; count < 10; ++count) accept(fresh, body(count, 2000 + random() % 4000));
    steps(static_cast<int>(1 + random() % 6));
    for (int count = 0; count < 12; ++count) {
      if (const auto outgoing = custody().next(fresh, 16)) custody().delivered(fresh, outgoing->sequence);
    }
    steps(static_cast<int>(1 + random() % 6));
    if (round % 10 != 0) continue;
    simulation::FakeDisk copy = disk;
    Life second{settings, copy, time.timers};
    for (std::size_t number = 0; number < busy.size(); ++number) {
      EXPECT_EQ(second.custody.state(second.custody.device("d" + std::to_string(number))).messages, 0u) << "round " << round;
    }
  }
}

TEST_F(HistoriesTest, aBatchUnderWayWhenTheStoreClosesDoesNotBlockItsQueue) {
  BrokenDisk broken{disk};
  startOn(broken);
  broken.setAsideFails = true;
  const DeviceKey other = device("other");
  const DeviceKey key = device();
  accept(other, body(0), Urgency::wait);
  const auto letter = custody().next(other, 8);
  custody().deadLetter(other, letter->sequence, letter->body, DeadReason::unreadable, "cannot be kept");
  for (int number = 1; number <= 8; ++number) accept(key, body(number));
  time.settle();
  while (const auto outgoing = custody().next(key, 8)) custody().delivered(key, outgoing->sequence);
  accept(key, body(9), Urgency::wait);
  pass(std::chrono::seconds{5});
  EXPECT_FALSE(custody().isOpen());
  custody().rewind(key);
  EXPECT_TRUE(custody().next(key, 8)) << "what is queued is still delivered";
  expectBalance();
}

TEST_F(HistoriesTest, theDeviceRecordOfAnotherSegmentNamesTheMessages) {
  start();
  store(device(), 1, 300);
  kill();
  ASSERT_GT(segments().size(), 3u);
  for (const std::size_t which : {0u, 2u}) (*disk.content(segments().at(which)))[32 + 12] ^= 1;  // in the first record
  start();
  EXPECT_EQ(drain(device()), range(1, 300));
}

TEST_F(HistoriesTest, messagesThatNobodyCanNameAreCountedAndKept) {
  settings.segmentBytes = 64 * 1024;
  start();
  store(device(), 1, 100);
  kill();
  (*disk.content(segments().at(0)))[32 + 12] ^= 1;
  start();
  settle();
  EXPECT_EQ(custody().queuedMessages(), 0u);
  EXPECT_NE(life->metrics.text().find("messages_dropped_total{reason=\"damaged\"} 100\n"), std::string::npos);
  store(device("another"), 1, 1);
  pass(std::chrono::seconds{3});
  EXPECT_EQ(disk.list("quarantine")->size(), 1u);
}

TEST_F(HistoriesTest, manyTinyMessagesAreLimitedByTheirNumber) {
  start();
  const DeviceKey key = device();
  std::uint64_t taken = 0;
  while (custody().accept(key, base::asBytes("x"), Urgency::now).acceptance == Acceptance::taken) {
    if (++taken % 100 == 0) settle();
  }
  EXPECT_EQ(taken, settings.bytesMax / 256);
  settle();
  for (int tries = 0; tries < 10'000 && life->user.rooms == 0; ++tries) {
    while (const auto outgoing = custody().next(key, 64)) custody().delivered(key, outgoing->sequence);
    settle();
  }
  EXPECT_GT(life->user.rooms, 0);
}

TEST_F(HistoriesTest, whatWasDroppedIsInTheBooksAfterACrash) {
  settings.bytesMax = 256 * 1024;
  settings.whenFull = WhenFull::dropNewest;
  start();
  const DeviceKey key = device();
  for (int number = 1; custody().totals().dropped < 500; ++number) {
    accept(key, body(number));
    if (number % 10 == 0) settle();
  }
  pass(std::chrono::seconds{2});
  const Ledger before = custody().totals();
  restart();
  EXPECT_EQ(custody().totals(), before);
}

TEST_F(HistoriesTest, aForeignFileWithTheLargestNumberDoesNoHarm) {
  { auto file = disk.create("journal-4294967295.seg"); }
  base::append(*disk.content("journal-4294967295.seg"), std::string(100, 'x'));
  start();
  EXPECT_TRUE(custody().isOpen());
  store(device(), 1, 3);
  restart();
  EXPECT_EQ(drain(device()), range(1, 3));
}

}  // namespace
}  // namespace spheregate::queue
