#include "spheregate/diagnosis/refusal_book.hpp"

#include <gmock/gmock.h>

#include "unit/fakes.hpp"

namespace spheregate::diagnosis {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;

class RefusalBookTest : public ::testing::Test {
 protected:
  static Refusal of(std::string device, Stage stage = Stage::tls, std::string result = "expired", std::string source = "10.0.0.7") {
    Refusal refusal;
    refusal.stage = stage;
    refusal.device = std::move(device);
    refusal.peer = source + ":5533";
    refusal.source = std::move(source);
    refusal.result = std::move(result);
    refusal.reason = "because";
    refusal.fix = "do this";
    return refusal;
  }
  static std::vector<std::string> results(const std::vector<const Entry*>& entries) {
    std::vector<std::string> all;
    for (const Entry* entry : entries) all.push_back(entry->refusal.result);
    return all;
  }

  test::ManualTime time{hours{1}};
  metrics::Registry metrics;
  RefusalBook book{time.clock, metrics};
};

TEST_F(RefusalBookTest, countsWhatComesAgainAndKeepsTheLatestWords) {
  book.add(of("dev"));
  time.pass(seconds{5});
  Refusal again = of("dev");
  again.reason = "expired since 5 s more";
  book.add(again);
  ASSERT_THAT(book.ofDevice("dev"), SizeIs(1));
  const Entry& entry = *book.ofDevice("dev").front();
  EXPECT_EQ(entry.count, 2u);
  EXPECT_EQ(entry.last - entry.first, seconds{5});
  EXPECT_EQ(entry.refusal.reason, "expired since 5 s more");
  EXPECT_EQ(book.trouble("dev"), &entry);
}

TEST_F(RefusalBookTest, tellsWhatWasAddedSince) {
  book.add(of("a"));
  book.add(of("b"));
  const std::uint64_t before = book.changes();
  EXPECT_THAT(book.since(before, 10), SizeIs(0));
  EXPECT_THAT(book.since(0, 10), SizeIs(2));
  book.add(of("c"));
  book.add(of("a"));
  book.add(of("a"));
  book.wentWell(Stage::tls, "b");
  const auto added = book.since(before, 10);
  ASSERT_THAT(added, SizeIs(2)) << "each once, and not what went well";
  EXPECT_EQ(added[0]->refusal.device, "a");
  EXPECT_EQ(added[1]->refusal.device, "c");
  EXPECT_THAT(book.since(before, 1), SizeIs(1));
}

TEST_F(RefusalBookTest, aSuccessResolvesWhatItDisproves) {
  book.add(of("dev", Stage::tls));
  book.add(of("dev", Stage::connect, "client_id_case"));
  book.add(of("dev", Stage::publish, "other_device"));
  book.wentWell(Stage::connect, "dev");
  ASSERT_NE(book.trouble("dev"), nullptr);
  EXPECT_EQ(book.trouble("dev")->refusal.result, "other_device") << "who may connect may still publish where it must not";
  book.wentWell(Stage::publish, "dev");
  EXPECT_EQ(book.trouble("dev"), nullptr);
  EXPECT_THAT(book.ofDevice("dev"), SizeIs(3)) << "it is remembered all the same";
  book.add(of("dev", Stage::tls));
  EXPECT_NE(book.trouble("dev"), nullptr);
}

TEST_F(RefusalBookTest, findsByDeviceBySourceAndInAnyLetterCase) {
  book.add(of("aabb", Stage::tls, "expired", "10.0.0.1"));
  book.add(of("AABB", Stage::tls, "upper_case_name", "10.0.0.1"));
  book.add(of("", Stage::tls, "no_certificate", "10.0.0.2"));
  EXPECT_THAT(results(book.recent(2)), ElementsAre("no_certificate", "upper_case_name"));
  EXPECT_THAT(results(book.ofSource("10.0.0.1")), ElementsAre("upper_case_name", "expired"));
  EXPECT_THAT(results(book.ofDevice("aabb")), ElementsAre("expired"));
  EXPECT_THAT(book.namesLike("aaBB"), UnorderedElementsAre("aabb", "AABB"));
  EXPECT_THAT(book.names(), UnorderedElementsAre("aabb", "AABB"));
}

TEST_F(RefusalBookTest, whatAPeerSentIsEscapedAndCut) {
  Refusal hostile = of("dev\x1b[31m");
  hostile.reason = std::string(100'000, 'x');
  hostile.serverName = "a\nb\u202e";
  book.add(hostile);
  const Refusal& kept = book.recent(1).front()->refusal;
  EXPECT_EQ(kept.device, "dev\\u001b[31m");
  EXPECT_LT(kept.reason.size(), 1000u);
  EXPECT_EQ(kept.serverName, "a\\u000ab\\u202e");
}

TEST_F(RefusalBookTest, isBoundedAndOneSourceDoesNotPushOutOthers) {
  book.add(of("honest", Stage::tls, "expired", "10.0.0.1"));
  for (std::size_t number = 0; number < 3 * RefusalBook::kEntriesMax; ++number) {
    book.add(of("made-up-" + std::to_string(number), Stage::tls, "unknown_ca", "10.6.6.6"));
  }
  EXPECT_EQ(book.size(), RefusalBook::kOfOneSourceMax + 1);
  EXPECT_NE(book.trouble("honest"), nullptr);
  for (std::size_t number = 0; number < 3 * RefusalBook::kEntriesMax; ++number) {
    book.add(of("dev", Stage::tls, "unknown_ca", "10.7." + std::to_string(number / 250) + "." + std::to_string(number % 250)));
  }
  EXPECT_EQ(book.size(), RefusalBook::kEntriesMax);
  EXPECT_EQ(book.trouble("honest"), nullptr) << "who is quiet longest goes first";
}

TEST_F(RefusalBookTest, forgetsAfterItsTime) {
  book.add(of("dev"));
  time.pass(RefusalBook::kKeptFor + seconds{1});
  book.add(of("other"));
  EXPECT_THAT(book.ofDevice("dev"), SizeIs(0));
  EXPECT_THAT(book.names(), ElementsAre("other"));
}

TEST_F(RefusalBookTest, theGaugeSaysHowManyAreInTrouble) {
  book.add(of("a"));
  book.add(of("a", Stage::connect, "client_id_case"));
  book.add(of("b"));
  book.add(of("", Stage::tls, "no_certificate"));
  EXPECT_THAT(metrics.text(), HasSubstr("spheregate_devices_refused 2"));
  book.wentWell(Stage::connect, "a");
  EXPECT_THAT(metrics.text(), HasSubstr("spheregate_devices_refused 1"));
}

}  // namespace
}  // namespace spheregate::diagnosis
