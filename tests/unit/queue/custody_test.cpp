#include "store_fixture.hpp"

namespace spheregate::queue {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class CustodyTest : public StoreTest {};

TEST_F(CustodyTest, whatTheHubHasInTimeIsNeverWritten) {
  start();
  const DeviceKey key = device();
  for (int number = 1; number <= 100; ++number) {
    ASSERT_EQ(accept(key, body(number), Urgency::wait).acceptance, Acceptance::taken);
    const auto outgoing = custody().next(key, 8);
    ASSERT_TRUE(outgoing);
    EXPECT_EQ(base::asText(outgoing->body), body(number));
    EXPECT_FALSE(outgoing->resent);
    settle();
    EXPECT_LT(life->user.safeThrough[key], outgoing->sequence);
    custody().delivered(key, outgoing->sequence);
    settle();
    EXPECT_EQ(life->user.safeThrough[key], outgoing->sequence);
    time.pass(milliseconds{10});
  }
  pass(seconds{10});
  EXPECT_EQ(life->runner.waiting(), 0u);
  EXPECT_TRUE(segments().empty());
  expectBalance();
}

TEST_F(CustodyTest, whatTheHubDoesNotHaveInTimeIsSafeOnlyAfterTheSync) {
  start();
  const DeviceKey key = device();
  accept(key, body(1), Urgency::wait);
  time.pass(milliseconds{49});
  EXPECT_EQ(life->runner.waiting(), 0u);
  time.pass(milliseconds{2});
  ASSERT_EQ(life->runner.waiting(), 1u);
  EXPECT_EQ(life->user.safeThrough.count(key), 0u);
  settle();
  EXPECT_EQ(life->user.safeThrough[key], 1u);
  EXPECT_EQ(disk.syncs(), 1u);
}

TEST_F(CustodyTest, oneSyncCoversAllThatWait) {
  start();
  for (int number = 0; number < 20; ++number) accept(device("device-" + std::to_string(number)), body(number));
  settle();
  EXPECT_EQ(disk.syncs(), 1u);
  EXPECT_EQ(life->user.safeThrough.size(), 20u);
}

TEST_F(CustodyTest, aDeadLinkHasEverythingWrittenAtOnce) {
  start();
  const DeviceKey key = device();
  for (int number = 1; number <= 3; ++number) accept(key, body(number), Urgency::wait);
  custody().commitNow(key);
  settle();
  EXPECT_EQ(life->user.safeThrough[key], 3u);
}

TEST_F(CustodyTest, aFailedSyncClosesTheStoreForGood) {
  start();
  const DeviceKey key = device();
  store(key, 1, 2);
  disk.failSyncsFrom(1);
  accept(key, body(3));
  settle();
  EXPECT_EQ(life->user.safeThrough[key], 2u);
  EXPECT_FALSE(custody().isOpen());
  EXPECT_NE(life->user.closed.find("sync"), std::string::npos) << life->user.closed;
  EXPECT_EQ(accept(key, body(4)).acceptance, Acceptance::closed);
  // What is there still goes to the hub.
  EXPECT_EQ(drain(key), range(1, 3));
  expectBalance();
}

TEST_F(CustodyTest, aFullDiskClosesTheStoreAndTheRestartFindsWhatWasSafe) {
  start();
  const DeviceKey key = device();
  store(key, 1, 5);
  disk.failAppendsFrom(1);
  accept(key, body(6));
  settle();
  EXPECT_FALSE(custody().isOpen());
  EXPECT_EQ(life->user.safeThrough[key], 5u);
  disk.failAppendsFrom(0);
  restart();
  EXPECT_TRUE(custody().isOpen());
  EXPECT_EQ(drain(device()), range(1, 5));
}

TEST_F(CustodyTest, aRestartDeliversInOrderAndMarksOnlyAWindowAsResent) {
  start();
  store(device(), 1, 100);
  restart();
  const DeviceKey key = device();
  EXPECT_EQ(custody().queuedMessages(), 100u);
  int resent = 0;
  for (int number = 1; number <= 100;) {
    const auto outgoing = custody().next(key, 8);
    if (!outgoing) {
      settle();
      continue;
    }
    EXPECT_EQ(base::asText(outgoing->body), body(number++));
    resent += outgoing->resent;
    custody().delivered(key, outgoing->sequence);
    settle();
  }
  EXPECT_EQ(resent, 8);
  EXPECT_EQ(custody().queuedMessages(), 0u);
  restart();
  EXPECT_EQ(custody().queuedMessages(), 0u);
  EXPECT_EQ(custody().totals().delivered, 100u);
  expectBalance();
}

TEST_F(CustodyTest, aStoredMessageKeepsItsPlaceInTheWindowUntilItsReleaseIsStored) {
  start();
  const DeviceKey key = device();
  store(key, 1, 10);
  std::vector<Sequence> sent;
  for (int tries = 0; tries < 5; ++tries) {
    while (const auto outgoing = custody().next(key, 3)) sent.push_back(outgoing->sequence);
    settle();
  }
  ASSERT_EQ(sent.size(), 3u);
  for (const Sequence sequence : sent) custody().delivered(key, sequence);
  EXPECT_FALSE(custody().next(key, 3)) << "the releases are not on stable storage yet";
  settle();
  EXPECT_GT(life->user.readies[key], 0);
  EXPECT_TRUE(custody().next(key, 3));
}

TEST_F(CustodyTest, aLostLinkIsOfferedAgainFromTheFirstUnacknowledged) {
  start();
  const DeviceKey key = device();
  for (int number = 1; number <= 6; ++number) accept(key, body(number), Urgency::wait);
  std::vector<Sequence> sent;
  while (const auto outgoing = custody().next(key, 4)) sent.push_back(outgoing->sequence);
  ASSERT_EQ(sent.size(), 4u);
  custody().delivered(key, sent[1]);  // out of order, as a hub may
  custody().rewind(key);
  std::vector<std::pair<int, bool>> again;
  while (const auto outgoing = custody().next(key, 10)) {
    again.emplace_back(std::stoi(std::string{base::asText(outgoing->body)}), outgoing->resent);
  }
  EXPECT_EQ(again, (std::vector<std::pair<int, bool>>{{1, true}, {3, true}, {4, true}, {5, false}, {6, false}}));
}

TEST_F(CustodyTest, safeNeverJumpsOverAMessageThatIsNowhere) {
  start();
  const DeviceKey key = device();
  for (int number = 1; number <= 3; ++number) accept(key, body(number), Urgency::wait);
  while (custody().next(key, 8)) continue;
  custody().delivered(key, 3);
  settle();
  EXPECT_EQ(life->user.safeThrough.count(key), 0u);
  custody().delivered(key, 1);
  settle();
  EXPECT_EQ(life->user.safeThrough[key], 1u);
  custody().delivered(key, 2);
  settle();
  EXPECT_EQ(life->user.safeThrough[key], 3u);
}

TEST_F(CustodyTest, repeatedAndInventedAcknowledgementsAreIgnored) {
  start();
  const DeviceKey key = device();
  store(key, 1, 2);
  custody().delivered(key, 99);
  custody().delivered(key, 0);
  EXPECT_EQ(drain(key), range(1, 2));
  custody().delivered(key, 1);
  settle();
  EXPECT_EQ(custody().totals().delivered, 2u);
  expectBalance();
}

TEST_F(CustodyTest, flushWritesWhatIsInMemoryAndTheBooks) {
  start();
  const DeviceKey key = device();
  accept(key, body(1), Urgency::wait);
  const auto outgoing = custody().next(key, 1);
  custody().delivered(key, outgoing->sequence);
  accept(key, body(2), Urgency::wait);
  bool done = false;
  custody().flush([&] { done = true; });
  EXPECT_FALSE(done) << "never from inside the call";
  settle();
  EXPECT_TRUE(done);
  EXPECT_EQ(life->user.safeThrough[key], 2u);
  restart();
  EXPECT_EQ(custody().totals().delivered, 1u);
  EXPECT_EQ(custody().totals().accepted, 2u);
  EXPECT_EQ(drain(device()), range(2, 1));
}

TEST_F(CustodyTest, flushOfAClosedStoreEnds) {
  start();
  disk.failSyncsFrom(1);
  accept(device(), body(1));
  settle();
  bool done = false;
  custody().flush([&] { done = true; });
  settle();
  EXPECT_TRUE(done);
}

TEST_F(CustodyTest, shortMemoryWritesAndReadsBack) {
  settings.memoryBytesMax = 4000;
  start();
  const DeviceKey key = device();
  for (int number = 1; number <= 200; ++number) {
    const Accepted accepted = accept(key, body(number), Urgency::wait);
    if (accepted.acceptance == Acceptance::full) {
      settle();
      ASSERT_EQ(accept(key, body(number), Urgency::wait).acceptance, Acceptance::taken) << number;
    }
  }
  settle();
  EXPECT_EQ(drain(key, 4), range(1, 200));
  expectBalance();
}

TEST_F(CustodyTest, oldMessagesExpireAlsoAcrossARestart) {
  settings.messageTtl = seconds{60};
  start();
  store(device(), 1, 3);
  pass(seconds{40});
  store(device(), 4, 2);
  kill();
  time.clock.advance(seconds{25});
  start();
  EXPECT_EQ(drain(device()), range(4, 2));
  EXPECT_EQ(custody().totals().expired, 3u);
  expectBalance();
}

TEST_F(CustodyTest, expiryNeedsNobodyToAsk) {
  settings.messageTtl = seconds{60};
  start();
  store(device(), 1, 3);
  pass(seconds{62});
  EXPECT_EQ(custody().totals().expired, 3u);
  EXPECT_EQ(custody().queuedMessages(), 0u);
}

TEST_F(CustodyTest, theTimeToLiveMayChangeWhileMessagesWait) {
  settings.messageTtl = seconds{0};
  start();
  store(device(), 1, 3);
  pass(seconds{62});
  EXPECT_EQ(custody().totals().expired, 0u);
  custody().setMessageTtl(seconds{120});
  pass(seconds{30});
  EXPECT_EQ(custody().totals().expired, 0u);
  custody().setMessageTtl(seconds{60});
  pass(seconds{2});
  EXPECT_EQ(custody().totals().expired, 3u);
}

TEST_F(CustodyTest, aDeadLetterIsKeptWithItsReason) {
  start();
  const DeviceKey key = device();
  store(key, 1, 2);
  auto outgoing = custody().next(key, 8);
  while (!outgoing) {
    settle();
    outgoing = custody().next(key, 8);
  }
  custody().deadLetter(key, outgoing->sequence, outgoing->body, DeadReason::poison, "the hub closes on it");
  settle();
  EXPECT_EQ(custody().totals().deadLettered, 1u);
  const auto letters = disk.list("dead-letters");
  ASSERT_EQ(letters->size(), 1u);
  const std::string text{base::asText(*disk.content("dead-letters/" + letters->front().name))};
  EXPECT_NE(text.find("\"device\":\"device-1\",\"reason\":\"the hub closes on it\""), std::string::npos) << text;
  EXPECT_TRUE(text.ends_with(body(1))) << text;
  EXPECT_EQ(drain(key), range(2, 1));
  expectBalance();
}

}  // namespace
}  // namespace spheregate::queue
