#include "reviews.hpp"

#include <gtest/gtest.h>
#include <time.h>

#include <fstream>

#include "pki/authorities.hpp"
#include "pki/files.hpp"
#include "spheregate/identity/clock_floor.hpp"
#include "spheregate/identity/known_devices.hpp"
#include "unit/relay/relay_site.hpp"

namespace spheregate::app {
namespace {

using namespace std::chrono_literals;

std::int64_t seconds(base::WallTime time) { return std::chrono::system_clock::to_time_t(time); }

double milliseconds() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

// A real admission with one CA over a front with scripted devices.
class ReviewsTest : public test::RelaySite {
 protected:
  void openAll() {
    open();
    base::configureLog(base::LogLevel::warn, base::LogFormat::text);
    std::filesystem::create_directory(directory_ / "cas");
    testpki::writeFile(directory_ / "cas/a.pem", testpki::pem(*authorities_.tenantA.certificate));
    settings_.tenantCa = directory_ / "cas";
    settings_.denyFile = directory_ / "deny.txt";
    deny("");
    floor_.emplace(time_.clock, *state_, metrics_, base::WallTime{});
    known_.emplace(*state_, time_.timers, metrics_);
    admission_ = std::move(*identity::Admission::load(settings_, *floor_, *known_, metrics_));
    caSha256_ = admission_->tenantCas().at(0).sha256;
    reviews_.emplace(time_.timers, *admission_, *front_, metrics_);
  }
  void deny(const std::string& ids) { std::ofstream{settings_.denyFile} << ids; }
  static std::string idOf(int number) {
    std::string id(128, '0');
    const std::string digits = std::to_string(number);
    return id.replace(id.size() - digits.size(), digits.size(), digits);
  }
  std::shared_ptr<tls::Verdict> verdictOf(const std::string& id, base::Duration validFor = 24h) {
    auto verdict = std::make_shared<tls::Verdict>();
    verdict->accepted = true;
    verdict->deviceId = id;
    verdict->caSha256 = caSha256_;
    verdict->certificate.serial = "0A" + id.substr(100);
    verdict->certificate.sha256 = id.substr(64);
    verdict->certificate.notAfterSeconds = seconds(time_.clock.wall()) + std::chrono::duration_cast<std::chrono::seconds>(validFor).count();
    return verdict;
  }
  test::WireView& comes(const std::string& id, base::Duration validFor = 24h) {
    devices_.push_back(std::make_unique<Device>());
    front_->welcome(std::move(devices_.back()->wire), verdictOf(id, validFor));
    EXPECT_EQ(says(devices_.back()->view, connectOf(id)), 0u);
    return devices_.back()->view;
  }

  testpki::Authorities authorities_ = testpki::makeAuthorities(test::ManualClock{}.wall());
  identity::Settings settings_;
  std::optional<identity::ClockFloor> floor_;
  std::optional<identity::KnownDevices> known_;
  std::unique_ptr<identity::Admission> admission_;
  std::optional<Reviews> reviews_;
  std::string caSha256_;
};

TEST_F(ReviewsTest, whoIsDeniedGoesAtTheNextReview) {
  openAll();
  test::WireView& denied = comes(idOf(1));
  test::WireView& stays = comes(idOf(2));
  deny(idOf(1) + "\n");
  ASSERT_TRUE(admission_->reload(settings_));
  EXPECT_FALSE(denied.closed);
  reviews_->review();
  EXPECT_TRUE(denied.closed);
  EXPECT_FALSE(stays.closed);
}

TEST_F(ReviewsTest, aSessionEndsWithinAMinuteOfItsCertificate) {
  openAll();
  test::WireView& brief = comes(idOf(1), 10min);
  test::WireView& longer = comes(idOf(2), 20min);
  // Neither has a keep-alive that would end it before.
  for (int minute = 0; minute < 11; ++minute) {
    time_.pass(30s);
    for (test::WireView* view : {&brief, &longer}) {
      const base::Bytes ping{0xc0, 0};
      if (!view->closed) view->user->wireBytes(ping);
    }
    time_.pass(30s);
  }
  EXPECT_TRUE(brief.closed);
  EXPECT_FALSE(longer.closed);
}

TEST_F(ReviewsTest, aHandshakeThatWasJudgedBeforeAChangeIsJudgedAgainAfterIt) {
  openAll();
  const auto verdict = verdictOf(idOf(1));
  EXPECT_FALSE(reviews_->turnsAway(*verdict, "192.0.2.1:1"));
  deny(idOf(1) + "\n");
  ASSERT_TRUE(admission_->reload(settings_));
  EXPECT_TRUE(reviews_->turnsAway(*verdict, "192.0.2.1:1"));
  EXPECT_EQ(connections("denied"), 1u);
}

TEST_F(ReviewsTest, tenThousandSessionsAreJudgedInOneTurnOfTheLoop) {
  openAll();
  base::configureLog(base::LogLevel::silent, base::LogFormat::text);
  constexpr int kDevices = 10'000;
  for (int number = 0; number < kDevices; ++number) comes(idOf(number));
  // Of this thread: how busy the machine is does not matter.
  const double began = milliseconds();
  reviews_->review();
  const double took = milliseconds() - began;
  std::printf("%d sessions judged in %.1f ms\n", kDevices, took);
  EXPECT_EQ(front_->devicesConnected(), static_cast<std::size_t>(kDevices));
  // A few milliseconds; the rest is for a slow or instrumented one.
  EXPECT_LT(took, 500);
}

}  // namespace
}  // namespace spheregate::app
