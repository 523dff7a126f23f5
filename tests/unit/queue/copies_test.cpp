#include <algorithm>

#include "store_fixture.hpp"

// Copies of what is queued, for somebody who looks.
namespace spheregate::queue {
namespace {

class CopiesTest : public StoreTest {
 protected:
  MadeCopies part(const std::optional<CopyPlace>& from, std::size_t messages = 7, std::size_t bytes = 1000) {
    std::optional<MadeCopies> made;
    custody().copy({.from = from, .messagesMax = messages, .bytesMax = bytes}, [&](MadeCopies copies) { made = std::move(copies); });
    settle();
    EXPECT_TRUE(made);
    return made.value_or(MadeCopies{});
  }
  // All parts; `between` runs after each.
  template <class Between>
  std::vector<std::string> all(Between between) {
    std::vector<std::string> found;
    std::optional<CopyPlace> place;
    for (int parts = 0; parts < 1000; ++parts) {
      const MadeCopies made = part(place);
      EXPECT_LE(made.messages.size(), 7u);
      for (const MessageCopy& copy : made.messages) {
        EXPECT_EQ(copy.fault, "");
        found.push_back(std::string{custody().id(copy.device)} + "/" + std::string{base::asText(copy.body)}.substr(0, 3));
      }
      if (!made.next) return found;
      place = made.next;
      between();
    }
    ADD_FAILURE() << "it does not come to an end";
    return found;
  }
  std::vector<std::string> expected(int devices, int first, int count) {
    std::vector<std::string> names;
    for (int number = 0; number < devices; ++number) {
      for (int message = first; message < first + count; ++message) names.push_back("d" + std::to_string(number) + "/" + body(message).substr(0, 3));
    }
    return names;
  }
  void fill(int devices, int first, int count, Urgency urgency = Urgency::now) {
    for (int number = 0; number < devices; ++number) {
      for (int message = first; message < first + count; ++message) {
        ASSERT_EQ(accept(device("d" + std::to_string(number)), body(message), urgency).acceptance, Acceptance::taken);
      }
    }
  }
};

TEST_F(CopiesTest, showEachMessageOnceWhereverItIs) {
  start();
  fill(3, 1, 10);
  restart();
  EXPECT_EQ(all([] {}), std::vector<std::string>{}) << "nothing was written yet";
  fill(3, 1, 10);
  settle();
  restart();
  fill(3, 11, 3, Urgency::wait);
  EXPECT_EQ(all([] {}), expected(3, 1, 13)) << "on disk and in memory";
  EXPECT_EQ(drain(device("d0")), range(1, 13)) << "and they are still there";
}

TEST_F(CopiesTest, areAsOfTheirBeginning) {
  start();
  fill(3, 1, 20);
  settle();
  int later = 100;
  const auto found = all([&] {
    pass(std::chrono::milliseconds{300});
    fill(3, ++later, 1);
    settle();
  });
  EXPECT_EQ(found, expected(3, 1, 20));
}

TEST_F(CopiesTest, leaveOutWhatHasLeft) {
  start();
  fill(2, 1, 20);
  settle();
  const auto found = all([&] { drain(device("d1")); });
  EXPECT_EQ(found, expected(1, 1, 20));
}

TEST_F(CopiesTest, ofAnEarlierLifeAreRefused) {
  start();
  fill(2, 1, 20);
  settle();
  const MadeCopies first = part({});
  ASSERT_TRUE(first.next);
  restart();
  const MadeCopies second = part(first.next);
  EXPECT_TRUE(second.otherLife);
  EXPECT_TRUE(second.messages.empty());
}

TEST_F(CopiesTest, followMessagesThatAreMovedMeanwhile) {
  settings.bytesMax = 256 * 1024;
  settings.segmentBytes = 16 * 1024;
  start();
  const DeviceKey stuck = device("stuck");
  // A few messages in each segment stay, the others are delivered; then space is short, and they are moved.
  int number = 0;
  for (int round = 0; round < 14; ++round) {
    accept(stuck, body(++number));
    for (int count = 0; count < 60; ++count) accept(device("busy"), body(count));
    settle();
  }
  std::optional<MadeCopies> made;
  drain(device("busy"));
  custody().copy({.from = {}, .messagesMax = 100, .bytesMax = 1 << 20}, [&](MadeCopies copies) { made = std::move(copies); });
  for (int seconds = 0; seconds < 5; ++seconds) pass(std::chrono::seconds{1});
  ASSERT_TRUE(made);
  ASSERT_EQ(made->messages.size(), 14u);
  for (const MessageCopy& copy : made->messages) EXPECT_EQ(copy.fault, "");
}

TEST_F(CopiesTest, tellWhatTheDiskDoesNotGive) {
  start();
  fill(1, 1, 3);
  settle();
  restart();
  disk.breakSector(0, 100'000);
  const MadeCopies made = part({});
  ASSERT_EQ(made.messages.size(), 3u);
  for (const MessageCopy& copy : made.messages) EXPECT_NE(copy.fault, "");
}

}  // namespace
}  // namespace spheregate::queue
