#include "store_fixture.hpp"

namespace spheregate::queue {
namespace {

class LimitsTest : public StoreTest {
 protected:
  // Until it is refused; how many went in.
  int fill(DeviceKey key, int first = 1) {
    int number = first;
    while (number < first + 100'000) {
      const Accepted accepted = accept(key, body(number));
      if (accepted.acceptance == Acceptance::full) break;
      EXPECT_EQ(accepted.acceptance, Acceptance::taken);
      ++number;
      if (number % 10 == 0) settle();
      EXPECT_LE(custody().diskBytes(), settings.bytesMax);
    }
    settle();
    return number - first;
  }
};

TEST_F(LimitsTest, holdStopsAtTheLimitAndGoesOnWhenThereIsRoom) {
  settings.bytesMax = 256 * 1024;
  start();
  const DeviceKey key = device();
  const int stored = fill(key);
  EXPECT_GT(stored, 500) << "most of 256 KiB is of use";
  EXPECT_EQ(life->user.rooms, 0);
  EXPECT_EQ(life->user.safeThrough[key], static_cast<Sequence>(stored)) << "all that was taken could be written";
  EXPECT_EQ(drain(key), range(1, stored));
  EXPECT_GT(life->user.rooms, 0);
  EXPECT_EQ(accept(key, body(stored + 1)).acceptance, Acceptance::taken);
  settle();
  EXPECT_LT(custody().diskBytes(), 3 * settings.segmentBytes) << "the space is given back";
  expectBalance();
}

TEST_F(LimitsTest, theRoomThatIsLeftIsShown) {
  settings.bytesMax = 256 * 1024;
  start();
  const auto room = [this] {
    (void)life->metrics.text();
    return life->metrics.gauge("queue_room_bytes", "").value();
  };
  const double empty = room();
  EXPECT_GT(empty, 200 * 1024) << "but for what is kept free to move things about";
  const DeviceKey key = device();
  store(key, 1, 100);
  EXPECT_LT(room(), empty - 100 * 200);
  EXPECT_GT(room(), 0);
  const int stored = 100 + fill(key, 101);
  EXPECT_LT(room(), 512) << "less than one more message with its records";
  EXPECT_EQ(drain(key), range(1, stored));
  EXPECT_GT(room(), 150 * 1024);
}

TEST_F(LimitsTest, theRoomEndsWithTheNumberOfMessagesToo) {
  settings.bytesMax = 256 * 1024;
  start();
  const DeviceKey key = device();
  for (int number = 1; number <= 1000; ++number) {
    ASSERT_EQ(accept(key, body(number, 1)).acceptance, Acceptance::taken);
    if (number % 10 == 0) settle();
  }
  (void)life->metrics.text();
  EXPECT_EQ(life->metrics.gauge("queue_room_bytes", "").value(), 24 * 256) << "1,024 may wait";
}

TEST_F(LimitsTest, dropNewestCountsAndGoesOn) {
  settings.bytesMax = 256 * 1024;
  settings.whenFull = WhenFull::dropNewest;
  start();
  const DeviceKey key = device();
  int number = 1;
  while (accept(key, body(number)).acceptance == Acceptance::taken) {
    if (++number % 10 == 0) settle();
  }
  settle();
  EXPECT_EQ(custody().totals().dropped, 1u);
  EXPECT_EQ(drain(key), range(1, number - 1));
  expectBalance();
}

TEST_F(LimitsTest, dropOldestMakesRoomAndCounts) {
  settings.bytesMax = 256 * 1024;
  settings.whenFull = WhenFull::dropOldest;
  start();
  const DeviceKey key = device();
  const int all = 5000;
  for (int number = 1; number <= all; ++number) {
    for (int tries = 0; accept(key, body(number)).acceptance != Acceptance::taken; ++tries) {
      ASSERT_LT(tries, 10) << number;
      settle();
    }
    EXPECT_LE(custody().diskBytes(), settings.bytesMax);
  }
  settle();
  const auto dropped = static_cast<int>(custody().totals().dropped);
  EXPECT_GT(dropped, 3000);
  EXPECT_EQ(drain(key), range(dropped + 1, all - dropped)) << "the newest are kept, without a gap";
  expectBalance();
}

TEST_F(LimitsTest, qos0IsDroppedInsteadOfHeld) {
  settings.bytesMax = 256 * 1024;
  start();
  const DeviceKey key = device();
  fill(key);
  EXPECT_EQ(custody().accept(key, base::asBytes(body(0)), Urgency::now, true).acceptance, Acceptance::dropped);
  EXPECT_EQ(custody().totals().dropped, 1u);
  expectBalance();
}

TEST_F(LimitsTest, aDeviceWithItsLinkUpPassesAFullStore) {
  settings.bytesMax = 256 * 1024;
  start();
  fill(device("cut off"));
  const DeviceKey key = device("well");
  for (int number = 1; number <= 500; ++number) {
    ASSERT_EQ(accept(key, body(number), Urgency::wait).acceptance, Acceptance::taken);
    const auto outgoing = custody().next(key, 8);
    ASSERT_TRUE(outgoing);
    pass(std::chrono::milliseconds{100});  // beyond commit_after; soon there is no room to write it
    custody().delivered(key, outgoing->sequence);
    settle();
    EXPECT_EQ(life->user.safeThrough[key], outgoing->sequence);
  }
  EXPECT_LE(custody().diskBytes(), settings.bytesMax);
}

// One device that cannot send keeps a few messages in every segment; the others push many times the store's size through it.
TEST_F(LimitsTest, aFewStuckMessagesDoNotHoldTheDisk) {
  settings.bytesMax = 256 * 1024;
  start();
  const DeviceKey stuck = device("stuck");
  const DeviceKey busy = device("busy");
  int stuckCount = 0;
  for (int round = 0; round < 300; ++round) {
    if (round % 4 == 0) store(stuck, ++stuckCount, 1);
    store(busy, round * 20, 20);
    ASSERT_EQ(drain(busy, 16), range(round * 20, 20)) << round;
    ASSERT_LE(custody().diskBytes(), settings.bytesMax);
  }
  expectBalance();
  restart();
  expectBalance();
  EXPECT_EQ(custody().totals().delivered, 6000u);
  EXPECT_EQ(drain(device("stuck")), range(1, stuckCount));
  EXPECT_TRUE(drain(device("busy")).empty());
}

TEST_F(LimitsTest, spaceIsGivenBackWhenEverythingIsDelivered) {
  start();
  store(device(), 1, 2000);
  EXPECT_GT(custody().diskBytes(), 400'000u);
  EXPECT_EQ(drain(device()).size(), 2000u);
  pass(std::chrono::seconds{2});
  EXPECT_LT(custody().diskBytes(), settings.segmentBytes);
  EXPECT_LE(segments().size(), 2u);
  restart();
  EXPECT_EQ(custody().totals().delivered, 2000u) << "the books outlive the segments";
}

}  // namespace
}  // namespace spheregate::queue
