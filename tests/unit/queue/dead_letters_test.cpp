#include <algorithm>
#include <optional>
#include <random>
#include <variant>

#include "letter_head.hpp"
#include "store_fixture.hpp"

// Dead letters: how they are listed and read, and how one gets back into its queue.
namespace spheregate::queue {
namespace {

class DeadLettersTest : public StoreTest {
 protected:
  // The next message of the device, which is on disk, becomes a dead letter.
  void bury(const std::string& id = "device-1") {
    const DeviceKey key = device(id);
    std::optional<Outgoing> outgoing;
    for (int tries = 0; tries < 3 && !outgoing; ++tries) {
      outgoing = custody().next(key, 8);
      if (!outgoing) settle();
    }
    ASSERT_TRUE(outgoing);
    custody().deadLetter(key, outgoing->sequence, outgoing->body, DeadReason::poison, "because \"of\" it");
    settle();
  }
  DeadLetterPage list(const std::string& after = {}, std::size_t limit = 100) {
    std::optional<DeadLetterPage> page;
    custody().listDeadLetters(after, limit, [&](DeadLetterPage made) { page = std::move(made); });
    settle();
    EXPECT_TRUE(page);
    return page.value_or(DeadLetterPage{});
  }
  std::variant<DeadLetter, NoLetter> read(const std::string& id) {
    std::variant<DeadLetter, NoLetter> letter;
    custody().readDeadLetter(id, [&](std::variant<DeadLetter, NoLetter> found) { letter = std::move(found); });
    settle();
    return letter;
  }
  // Why it was not retried; nothing when it was.
  std::optional<NoLetter> retry(const DeadLetter& letter) {
    bool told = false;
    std::optional<NoLetter> problem;
    custody().retryDeadLetter(letter, letter.body, [&](const NoLetter* why) {
      told = true;
      if (why != nullptr) problem = *why;
    });
    settle();
    EXPECT_TRUE(told);
    return problem;
  }
  DeadLetter only() {
    const DeadLetterPage page = list();
    EXPECT_EQ(page.letters.size(), 1u);
    auto letter = read(page.letters.at(0).id);
    EXPECT_TRUE(std::holds_alternative<DeadLetter>(letter));
    return std::get<DeadLetter>(letter);
  }
  std::uint64_t files() { return disk.list("dead-letters")->size(); }
  Ledger books(const std::string& id = "device-1") { return custody().state(device(id)).ledger; }
};

TEST_F(DeadLettersTest, areListedWithWhatIsKnownOfThem) {
  start();
  store(device(), 1, 3);
  for (int count = 0; count < 3; ++count) {
    bury();
    pass(std::chrono::milliseconds{1100});
  }
  const DeadLetterPage all = list();
  ASSERT_EQ(all.letters.size(), 3u);
  EXPECT_EQ(all.total, 3u);
  EXPECT_FALSE(all.more);
  EXPECT_TRUE(std::is_sorted(all.letters.begin(), all.letters.end(), [](const auto& a, const auto& b) { return a.id < b.id; }));
  const DeadLetter& first = all.letters.front();
  EXPECT_EQ(first.device, "device-1");
  EXPECT_EQ(first.reason, "because \"of\" it");
  EXPECT_EQ(first.kind, "poison");
  EXPECT_EQ(first.acceptedMs / 1000, 1'700'000'000u);
  EXPECT_GE(first.deadMs, first.acceptedMs);
  EXPECT_TRUE(first.body.empty());
  const DeadLetterPage page = list({}, 2);
  EXPECT_TRUE(page.more);
  EXPECT_EQ(list(page.letters.back().id, 2).letters.at(0).id, all.letters.at(2).id);
  const auto whole = read(first.id);
  EXPECT_EQ(base::asText(std::get<DeadLetter>(whole).body), body(1));
  EXPECT_EQ(std::get<NoLetter>(read("letter-1-1")).why, NoLetter::Why::unknown);
  EXPECT_EQ(std::get<NoLetter>(read("../journal-0000000001.seg")).why, NoLetter::Why::unknown);
}

TEST_F(DeadLettersTest, areThereAfterARestartAndThoseOfTheFirstVersionToo) {
  start();
  store(device(), 1, 1);
  bury();
  { auto file = disk.create("letter-1600000000000-1"); }
  base::append(*disk.content("letter-1600000000000-1"), std::string{"{\"device\":\"old\",\"reason\":\"why\",\"accepted_ms\":1600000000000}\nBODY"});
  ASSERT_TRUE(disk.setAside("letter-1600000000000-1", "dead-letters"));
  restart();
  const DeadLetterPage page = list();
  ASSERT_EQ(page.letters.size(), 2u);
  EXPECT_EQ(page.letters[0].device, "old");
  EXPECT_EQ(page.letters[0].kind, "");
  EXPECT_EQ(base::asText(std::get<DeadLetter>(read(page.letters[0].id)).body), "BODY");
}

TEST_F(DeadLettersTest, oneGoesBackToTheEndOfItsQueueOnce) {
  start();
  store(device(), 1, 3);
  bury();
  const Ledger before = books();
  EXPECT_EQ(before.deadLettered, 1u);
  const DeadLetter letter = only();
  EXPECT_FALSE(retry(letter));
  EXPECT_EQ(files(), 0u);
  EXPECT_EQ(list().total, 0u);
  Ledger after = books();
  EXPECT_EQ(after.deadLettered, 0u);
  EXPECT_EQ(after.accepted, before.accepted) << "it is no other message";
  EXPECT_EQ(custody().queuedMessages(), 3u);
  expectBalance();
  EXPECT_EQ(retry(letter)->why, NoLetter::Why::unknown) << "once";
  EXPECT_EQ(drain(device()), (std::vector<int>{2, 3, 1}));
  expectBalance();
  EXPECT_EQ(books().delivered, 3u);
  restart();
  EXPECT_EQ(books().delivered, 3u);
  EXPECT_EQ(books().deadLettered, 0u);
}

TEST_F(DeadLettersTest, isNotRetriedTwiceAtATime) {
  start();
  store(device(), 1, 1);
  bury();
  const DeadLetter letter = only();
  int done = 0;
  std::optional<NoLetter> second;
  custody().retryDeadLetter(letter, letter.body, [&](const NoLetter* why) { done += why == nullptr ? 1 : 0; });
  custody().retryDeadLetter(letter, letter.body, [&](const NoLetter* why) { second = *why; });
  ASSERT_TRUE(second);
  EXPECT_EQ(second->why, NoLetter::Why::underWay);
  settle();
  EXPECT_EQ(done, 1);
  EXPECT_EQ(drain(device()), range(1, 1));
}

TEST_F(DeadLettersTest, areRetriedOneAtATimeOfEachDevice) {
  start();
  store(device(), 1, 3);
  store(device("other"), 1, 1);
  for (int count = 0; count < 3; ++count) bury();
  bury("other");
  const DeadLetterPage page = list();
  ASSERT_EQ(page.letters.size(), 4u);
  const auto whole = [&](std::size_t number) { return std::get<DeadLetter>(read(page.letters.at(number).id)); };
  EXPECT_FALSE(retry(whole(0)));
  const auto refused = retry(whole(1));
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->why, NoLetter::Why::underWay);
  EXPECT_FALSE(retry(whole(3))) << "of another device";
  EXPECT_EQ(drain(device()), range(1, 1));
  EXPECT_FALSE(retry(whole(1)));
  EXPECT_EQ(drain(device()), range(2, 1));
  EXPECT_FALSE(retry(whole(2)));
  expectBalance();
}

TEST_F(DeadLettersTest, theHubMayHaveItBeforeTheDisk) {
  start();
  store(device(), 1, 1);
  bury();
  const DeadLetter letter = only();
  bool done = false;
  custody().retryDeadLetter(letter, letter.body, [&](const NoLetter*) { done = true; });
  const auto outgoing = custody().next(device(), 8);
  ASSERT_TRUE(outgoing);
  custody().delivered(device(), outgoing->sequence);
  EXPECT_FALSE(done) << "not before the books of that are on the disk";
  EXPECT_EQ(files(), 1u);
  settle();
  EXPECT_TRUE(done);
  EXPECT_EQ(files(), 0u);
  restart();
  EXPECT_EQ(books().delivered, 1u);
  EXPECT_EQ(books().deadLettered, 0u);
  EXPECT_EQ(custody().queuedMessages(), 0u);
}

// Killed, or without power, after any number of steps of the disk: the message is in the queue, or still a dead letter, or both.
TEST_F(DeadLettersTest, surviveAKillAtEveryMoment) {
  for (const bool power : {false, true}) {
    for (int steps = 0; steps < 12; ++steps) {
      life.reset();
      disk = simulation::FakeDisk{};
      start();
      store(device(), 1, 2);
      bury();
      const DeadLetter letter = only();
      custody().retryDeadLetter(letter, letter.body, [](const NoLetter*) {});
      for (int step = 0; step < steps; ++step) {
        time.settle();
        life->runner.step();
      }
      life.reset();
      std::mt19937_64 random{static_cast<std::uint64_t>(steps) * 7919 + 1};
      if (power)
        disk.powerFail(random);
      else
        disk.crash();
      start();
      expectBalance();
      const bool isLetter = list().total == 1;
      const std::vector<int> found = drain(device());
      const bool isQueued = std::find(found.begin(), found.end(), 1) != found.end();
      EXPECT_TRUE(isLetter || isQueued) << steps << " steps, power " << power;
      EXPECT_NE(std::find(found.begin(), found.end(), 2), found.end());
      if (isLetter) {
        EXPECT_FALSE(retry(only()));
        EXPECT_EQ(drain(device()), range(1, 1));
      }
      expectBalance();
      EXPECT_EQ(list().total, 0u);
    }
  }
}

TEST_F(DeadLettersTest, stayWhereTheyAreWhenTheStoreCloses) {
  start();
  store(device(), 1, 1);
  bury();
  const DeadLetter letter = only();
  disk.failSyncsFrom(1);
  EXPECT_EQ(retry(letter)->why, NoLetter::Why::closed);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(retry(letter)->why, NoLetter::Why::closed);
}

TEST_F(DeadLettersTest, stayWhereTheyAreWhenThereIsNoRoom) {
  start();
  store(device(), 1, 1);
  bury();
  const DeadLetter letter = only();
  for (int number = 1; accept(device("other"), body(number)).acceptance == Acceptance::taken; ++number) {
    if (number % 50 == 0) settle();
  }
  settle();
  EXPECT_EQ(retry(letter)->why, NoLetter::Why::noRoom);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(books().deadLettered, 1u);
  expectBalance();
}

TEST_F(DeadLettersTest, whatTheBooksDoNotKnowIsAcceptedAnew) {
  start();
  { auto file = disk.create("letter-1600000000000-1"); }
  base::append(*disk.content("letter-1600000000000-1"), std::string{"{\"device\":\"foreign\",\"reason\":\"by hand\",\"accepted_ms\":1}\n7 x"});
  ASSERT_TRUE(disk.setAside("letter-1600000000000-1", "dead-letters"));
  restart();
  EXPECT_FALSE(retry(only()));
  EXPECT_EQ(books("foreign").accepted, 1u);
  EXPECT_EQ(drain(device("foreign")), (std::vector<int>{7}));
  expectBalance();
}

TEST_F(DeadLettersTest, thatSomebodyRemovedOrSpoiltAreToldApart) {
  start();
  store(device(), 1, 2);
  bury();
  pass(std::chrono::milliseconds{1100});
  bury();
  const DeadLetterPage page = list();
  ASSERT_EQ(page.letters.size(), 2u);
  const std::uint64_t before = custody().diskBytes();
  ASSERT_TRUE(disk.remove("dead-letters/" + page.letters[0].id));
  disk.content("dead-letters/" + page.letters[1].id)->assign({'n', 'o', '\n'});
  const DeadLetterPage now = list();
  ASSERT_EQ(now.letters.size(), 1u);
  EXPECT_NE(now.letters[0].fault, "");
  EXPECT_EQ(custody().deadLetters(), 1u);
  EXPECT_LT(custody().diskBytes(), before);
  EXPECT_EQ(std::get<NoLetter>(read(page.letters[0].id)).why, NoLetter::Why::unknown);
  EXPECT_EQ(std::get<NoLetter>(read(page.letters[1].id)).why, NoLetter::Why::unreadable);
}

TEST(LetterHead, keepsEveryTextAndRefusesEveryOther) {
  DeadLetter letter;
  letter.device = "dev'ice$(1)";
  letter.reason = "a \"quoted\" \\ and\ta line\nbreak \x01 gr\u00fcn";
  letter.kind = "refused";
  letter.acceptedMs = 1'700'000'000'123;
  letter.deadMs = 1'700'000'000'456;
  const std::string head = letterHead(letter);
  EXPECT_EQ(std::count(head.begin(), head.end(), '\n'), 1);
  DeadLetter found;
  ASSERT_EQ(readLetterHead(head + "body", found), head.size());
  EXPECT_EQ(found.device, letter.device);
  EXPECT_EQ(found.reason, letter.reason);
  EXPECT_EQ(found.kind, letter.kind);
  EXPECT_EQ(found.acceptedMs, letter.acceptedMs);
  EXPECT_EQ(found.deadMs, letter.deadMs);
  for (const char* wrong : {"", "\n", "{}\n", "{\"device\":\"\"}\n", "{\"device\":\"d\"", "{\"device\":\"d\"}x\n", "{\"device\":\"d\",\"accepted_ms\":-1}\n",
                            "{\"device\":\"d\\u00\"}\n", "{\"device\":\"d\\q\"}\n", "{\"device\":d}\n", "[\"device\"]\n"}) {
    DeadLetter none;
    EXPECT_FALSE(readLetterHead(wrong, none)) << wrong;
  }
  DeadLetter later;
  EXPECT_TRUE(readLetterHead("{\"device\":\"d\", \"later\":\"x\", \"number\": 5}\n", later)) << "a later version may say more";
  DeadLetter tooLong;
  EXPECT_FALSE(readLetterHead("{\"device\":\"" + std::string(129, 'd') + "\"}\n", tooLong));
}

}  // namespace
}  // namespace spheregate::queue
