#include "store_fixture.hpp"

namespace spheregate::queue {
namespace {

class DamageTest : public StoreTest {
 protected:
  static constexpr int kMessages = 8;

  base::Bytes makeSegment() {
    start();
    for (int number = 1; number <= kMessages; ++number) store(device("device-" + std::to_string(number % 2)), number, 1, 40);
    kill();
    return *disk.content(segments().at(0));
  }
  std::vector<int> everything() {
    std::vector<int> numbers;
    for (std::size_t key = 0; key < custody().deviceCount(); ++key) {
      for (const int number : drain(static_cast<DeviceKey>(key))) numbers.push_back(number);
    }
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }
};

TEST_F(DamageTest, aTornTailCostsNothingThatWasWhole) {
  const base::Bytes whole = makeSegment();
  const std::string name = segments().at(0);
  std::size_t before = 0;
  for (std::size_t length = 0; length <= whole.size(); ++length) {
    disk = simulation::FakeDisk{};
    { auto file = disk.create(name); }
    disk.content(name)->assign(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));
    start();
    ASSERT_TRUE(custody().isOpen()) << length;
    const std::vector<int> found = everything();
    EXPECT_EQ(found, range(1, static_cast<int>(found.size()))) << length;
    EXPECT_GE(found.size(), before) << length;
    before = found.size();
    expectBalance();
    kill();
  }
  EXPECT_EQ(before, static_cast<std::size_t>(kMessages));
}

TEST_F(DamageTest, oneFlippedBitCostsAtMostOneRecordAndIsCounted) {
  const base::Bytes whole = makeSegment();
  const std::string name = segments().at(0);
  for (std::size_t at = 32; at < whole.size(); ++at) {
    disk = simulation::FakeDisk{};
    { auto file = disk.create(name); }
    *disk.content(name) = whole;
    (*disk.content(name))[at] ^= static_cast<std::uint8_t>(1u << (at % 8));
    start();
    ASSERT_TRUE(custody().isOpen()) << at;
    const std::vector<int> found = everything();
    expectBalance();
    const std::size_t missing = static_cast<std::size_t>(kMessages) - found.size();
    // The first device record names a device; without it the segment's records of that device have no owner.
    EXPECT_LE(missing, static_cast<std::size_t>(kMessages) / 2) << at;
    if (missing == 1 && found.back() == kMessages && found.at(found.size() - 2) == kMessages - 1) {
      EXPECT_EQ(custody().totals().dropped, 1u) << "the loss at " << at << " is known exactly";
    }
    kill();
  }
}

TEST_F(DamageTest, aDamagedSegmentIsKeptInQuarantineWhenItsRestIsDelivered) {
  makeSegment();
  const std::string name = segments().at(0);
  base::Bytes& content = *disk.content(name);
  content[content.size() / 2] ^= 0xFF;
  start();
  const std::vector<int> found = everything();
  EXPECT_EQ(found.size(), static_cast<std::size_t>(kMessages) - 1);
  EXPECT_EQ(custody().totals().dropped, 1u);
  pass(std::chrono::seconds{2});
  const auto aside = disk.list("quarantine");
  ASSERT_EQ(aside->size(), 1u);
  EXPECT_EQ(aside->front().name, name);
  restart();
  EXPECT_EQ(custody().totals().dropped, 1u) << "counted once";
  EXPECT_EQ(custody().queuedMessages(), 0u);
  expectBalance();
}

TEST_F(DamageTest, aSegmentWithoutAHeaderIsSetAsideAndTheOthersAreDelivered) {
  start();
  store(device(), 1, 300);
  kill();
  ASSERT_GT(segments().size(), 3u);
  (*disk.content(segments().at(1)))[0] = 'X';
  start();
  EXPECT_TRUE(custody().isOpen());
  const std::vector<int> found = drain(device());
  EXPECT_LT(found.size(), 300u);
  EXPECT_TRUE(std::is_sorted(found.begin(), found.end()));
  EXPECT_EQ(found.size() + custody().totals().dropped, 300u);
  EXPECT_EQ(disk.list("quarantine")->size(), 1u);
  expectBalance();
}

TEST_F(DamageTest, damageThatComesLaterCostsTheMessageAndNotTheQueue) {
  start();
  store(device(), 1, 100);
  restart();
  base::Bytes& content = *disk.content(segments().at(0));
  content[content.size() / 2] ^= 0xFF;
  const std::vector<int> found = drain(device());
  EXPECT_EQ(found.size(), 99u);
  EXPECT_EQ(custody().totals().dropped, 1u);
  expectBalance();
}

TEST_F(DamageTest, filesThatAreNoSegmentsAreLeftAlone) {
  { auto file = disk.create("README"); }
  { auto file = disk.create("journal-12.seg"); }
  start();
  store(device(), 1, 3);
  restart();
  EXPECT_EQ(drain(device()), range(1, 3));
  EXPECT_NE(disk.content("README"), nullptr);
  EXPECT_NE(disk.content("journal-12.seg"), nullptr);
}

}  // namespace
}  // namespace spheregate::queue
