#include "live_events.hpp"

#include <gmock/gmock.h>

#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include "refusal_record.hpp"
#include "unit/relay/relay_site.hpp"

namespace spheregate::app {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

double cpuMilliseconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) / 1e6;
}

class LiveEventsTest : public test::RelaySite {
 protected:
  void open() {
    test::RelaySite::open();
    known_ = std::make_unique<identity::KnownDevices>(*state_, time_.timers, metrics_);
    live_ = std::make_unique<LiveEvents>(time_.timers,
                                         LiveEvents::Parts{.fleet = [this] { return FleetParts{*custody_, *front_, *known_, book_, aliases_, time_.clock}; },
                                                           .summary = [this] { return json{{"number", ++summaries_}}; },
                                                           .listeners = [this] { return listeners_; },
                                                           .publish = [this](std::string events) { heard_ += events; }});
    record_.onVisit([this](std::string_view device) { live_->visited(device); });
    front_->tell(record_);
  }
  ~LiveEventsTest() override { live_.reset(); }

  void listen() {
    ++listeners_;
    greeting_ = live_->greeting();
  }
  // The data of what came with this name since the last call for any name.
  std::vector<json> heard(const std::string& name) {
    std::vector<json> found;
    const std::string begin = "event: " + name + "\ndata: ";
    for (std::size_t at = heard_.find(begin); at != std::string::npos; at = heard_.find(begin, at + 1)) {
      const std::size_t from = at + begin.size();
      found.push_back(json::parse(heard_.substr(from, heard_.find('\n', from) - from)));
    }
    return found;
  }
  void second() {
    heard_.clear();
    time_.pass(1s);
  }
  void refuse(const std::string& device, const std::string& result = "expired") {
    book_.add({.stage = diagnosis::Stage::tls, .device = device, .source = "10.0.0.7", .peer = "10.0.0.7:5", .result = result, .reason = "line one\nline two",
               .fix = "f", .serverName = {}, .protocol = {}, .certificate = {}});
  }

  diagnosis::RefusalBook book_{time_.clock, metrics_};
  RefusalRecord record_{book_};
  identity::Aliases aliases_;
  std::unique_ptr<identity::KnownDevices> known_;
  std::unique_ptr<LiveEvents> live_;
  std::size_t listeners_ = 0;
  int summaries_ = 0;
  std::string greeting_;
  std::string heard_;
};

TEST_F(LiveEventsTest, beginWithHowToComeBackAndWhatIs) {
  open();
  refuse("before");
  listen();
  EXPECT_EQ(greeting_, "retry: 2000\n\nevent: status\ndata: {\"number\":1}\n\n");
  second();
  EXPECT_EQ(heard_, "") << "what was before is not told again";
  second();
  EXPECT_EQ(heard_, "event: status\ndata: {\"number\":2}\n\n");
}

TEST_F(LiveEventsTest, tellWhoComesAndGoes) {
  open();
  listen();
  test::WireView& view = arrives("pump");
  EXPECT_EQ(says(view, connectOf("pump")), 0u);
  second();
  ASSERT_THAT(heard("device"), SizeIs(1));
  EXPECT_EQ(heard("device")[0]["id"], "pump");
  EXPECT_EQ(heard("device")[0]["state"], "connected");
  second();
  EXPECT_THAT(heard("device"), IsEmpty());
  view.user->wireClosed({});
  second();
  ASSERT_THAT(heard("device"), SizeIs(1));
  EXPECT_EQ(heard("device")[0]["state"], "absent");
}

TEST_F(LiveEventsTest, tellWhoIsRefusedOnceATurn) {
  open();
  listen();
  for (int count = 0; count < 3; ++count) refuse("pump");
  refuse("", "no_certificate");
  second();
  ASSERT_THAT(heard("refusal"), SizeIs(2));
  EXPECT_EQ(heard("refusal")[1]["count"], 3);
  EXPECT_EQ(heard("refusal")[0]["result"], "no_certificate");
  ASSERT_THAT(heard("device"), SizeIs(1));
  EXPECT_EQ(heard("device")[0]["state"], "refused");
  second();
  EXPECT_THAT(heard("refusal"), IsEmpty());
  refuse("pump");
  second();
  ASSERT_THAT(heard("refusal"), SizeIs(1));
  EXPECT_EQ(heard("refusal")[0]["count"], 4) << "counted up";
}

TEST_F(LiveEventsTest, sayOfAStormOnlyThatItIsOne) {
  open();
  listen();
  for (int number = 0; number < 200; ++number) refuse("device-" + std::to_string(number));
  second();
  EXPECT_THAT(heard("refusal"), SizeIs(LiveEvents::kRefusalsMax));
  EXPECT_THAT(heard("device"), IsEmpty());
  ASSERT_THAT(heard("devices"), SizeIs(1));
  for (int number = 0; number < 10'000; ++number) live_->visited("device-" + std::to_string(number));
  second();
  ASSERT_THAT(heard("devices"), SizeIs(1));
  EXPECT_EQ(heard("devices")[0].dump(), "{\"changed\":10000}");
  for (std::size_t number = 0; number < LiveEvents::kDevicesMax; ++number) live_->visited("device-" + std::to_string(number));
  second();
  EXPECT_THAT(heard("device"), SizeIs(LiveEvents::kDevicesMax));
  EXPECT_THAT(heard("devices"), IsEmpty());
}

TEST_F(LiveEventsTest, areSilentWhileNobodyListens) {
  open();
  live_->visited("pump");
  time_.pass(1min);
  EXPECT_EQ(summaries_, 0);
  listen();
  second();
  EXPECT_THAT(heard("device"), IsEmpty()) << "that was before";
  listeners_ = 0;
  second();
  const int before = summaries_;
  time_.pass(1min);
  EXPECT_EQ(summaries_, before);
}

TEST_F(LiveEventsTest, haveACommentNowAndThen) {
  open();
  listen();
  heard_.clear();
  time_.pass(30s);
  std::size_t comments = 0;
  for (std::size_t at = heard_.find("\n\n:\n\n"); at != std::string::npos; at = heard_.find("\n\n:\n\n", at + 1)) ++comments;
  // One may stand at the very beginning of what is told in a turn.
  EXPECT_EQ(comments, 2u);
}

// In 2 ms, with ten thousand devices, each with a long id.
TEST_F(LiveEventsTest, doNotHoldUpTheLoop) {
  open();
  constexpr int kDevices = 10'000;
  const auto idOf = [](int number) {
    const std::string digits = std::to_string(number);
    return std::string(128 - digits.size(), 'a') + digits;
  };
  for (int number = 0; number < kDevices; ++number) (void)custody_->device(idOf(number));
  for (int number = 0; number < 4'000; ++number) refuse(idOf(number));
  listen();
  double worst = 0;
  for (int turn = 0; turn < 20; ++turn) {
    for (std::size_t number = 0; number < LiveEvents::kDevicesMax - LiveEvents::kRefusalsMax; ++number) live_->visited(idOf(turn * 100 + static_cast<int>(number)));
    for (std::size_t number = 0; number < LiveEvents::kRefusalsMax; ++number) refuse(idOf(4'000 + turn * 100 + static_cast<int>(number)));
    const double began = cpuMilliseconds();
    second();
    // What the summary asks of the fleet.
    (void)custody_->oldestAgeSeconds();
    worst = std::max(worst, cpuMilliseconds() - began);
    ASSERT_THAT(heard("device"), SizeIs(LiveEvents::kDevicesMax));
    ASSERT_THAT(heard("refusal"), SizeIs(LiveEvents::kRefusalsMax));
  }
  std::printf("the longest turn with %d devices, %zu bytes of events: %.2f ms\n", kDevices, heard_.size(), worst);
  EXPECT_LT(worst, 100) << "it takes some 2 ms without sanitizers";
}

}  // namespace
}  // namespace spheregate::app
