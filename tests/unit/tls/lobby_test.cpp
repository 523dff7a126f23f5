#include "lobby.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "limits.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::tls {
namespace {

using std::chrono::seconds;

class HandClock final : public base::Clock {
 public:
  base::MonoTime now() const override { return now_; }
  base::WallTime wall() const override { return {}; }
  void pass(base::Duration time) { now_ += time; }

 private:
  base::MonoTime now_{seconds{1000}};
};

class LobbyTest : public testing::Test {
 protected:
  // Strangers from one source, who do nothing until they are sent away.
  std::shared_ptr<Seat> arrive(const std::string& source) {
    auto seat = lobby->enter(source);
    if (seat) seat->ifCrowded({.mayGo = [this](base::Duration age) { return age >= patience; }, .leave = [this, name = source] { gone.push_back(name); }});
    return seat;
  }
  std::vector<std::shared_ptr<Seat>> arrive(const std::string& source, int count) {
    std::vector<std::shared_ptr<Seat>> seats;
    for (int number = 0; number < count; ++number) seats.push_back(arrive(source));
    return seats;
  }
  void admitOne(const std::string& source) {
    const auto seat = arrive(source);
    seat->certified();
    seat->admitted();
  }
  void refuse(const std::string& source, int times) {
    for (int time = 0; time < times; ++time) lobby->refused(source);
  }

  HandClock clock;
  metrics::Registry metrics;
  base::Duration patience = kUnfinishedGrace;
  std::vector<std::string> gone;
  std::shared_ptr<Lobby> lobby =
      std::make_shared<Lobby>(Lobby::Limits{.connectionsMax = 20, .unauthenticatedMax = 10, .pauses = true}, clock, metrics);
};

TEST_F(LobbyTest, aFloodPaysForItself) {
  const auto honest = arrive("honest");
  const auto flood = arrive("flood", 9);
  EXPECT_EQ(lobby->room(), Lobby::Room::later);
  clock.pass(kUnfinishedGrace);
  EXPECT_EQ(lobby->room(), Lobby::Room::free);
  const auto newcomers = arrive("newcomer", 8);
  EXPECT_EQ(gone, std::vector<std::string>(8, "flood"));
  EXPECT_EQ(lobby->unauthenticated(), 10u);
}

TEST_F(LobbyTest, theOldestOfManySourcesGoes) {
  std::vector<std::shared_ptr<Seat>> seats;
  for (int number = 0; number < 10; ++number) {
    seats.push_back(arrive(std::to_string(number)));
    clock.pass(std::chrono::milliseconds{kUnfinishedGrace} / 5);
  }
  seats.push_back(arrive("a"));
  seats.push_back(arrive("b"));
  EXPECT_EQ(gone, (std::vector<std::string>{"0", "1"}));
}

TEST_F(LobbyTest, knownSourcesGoAfterStrangersUnlessTheyAreTheFlood) {
  admitOne("site");
  const auto devices = arrive("site", 7);
  const auto strangers = std::vector{arrive("x"), arrive("y"), arrive("z")};
  clock.pass(kUnfinishedGrace);
  const auto more = std::vector{arrive("1"), arrive("2"), arrive("3")};
  EXPECT_EQ(gone, (std::vector<std::string>{"x", "y", "z"}));
}

TEST_F(LobbyTest, aGoodCertificateGoesLast) {
  const auto certified = arrive("flood", 9);
  for (const auto& seat : certified) seat->certified();
  const auto stranger = arrive("stranger");
  clock.pass(kUnfinishedGrace);
  const auto next = arrive("next");
  EXPECT_EQ(gone, std::vector<std::string>{"stranger"});
  next->certified();
  const auto last = arrive("last");
  EXPECT_EQ(gone.back(), "flood");
}

TEST_F(LobbyTest, whoWaitsForUsStays) {
  const auto fleet = arrive("fleet", 10);
  clock.pass(kUnfinishedGrace);
  patience = base::Duration::max();
  EXPECT_EQ(lobby->room(), Lobby::Room::later);
  EXPECT_EQ(arrive("next"), nullptr);
  EXPECT_TRUE(gone.empty());
}

TEST_F(LobbyTest, whoIsInNeverGoes) {
  std::vector<std::shared_ptr<Seat>> devices;
  for (int number = 0; number < 20; ++number) {
    devices.push_back(arrive("site"));
    devices.back()->certified();
    devices.back()->admitted();
  }
  clock.pass(seconds{100});
  EXPECT_EQ(lobby->room(), Lobby::Room::none);
  devices.pop_back();
  const auto stranger = arrive("stranger");
  EXPECT_EQ(lobby->room(), Lobby::Room::later);
  clock.pass(kUnfinishedGrace);
  const auto next = arrive("next");
  EXPECT_EQ(gone, std::vector<std::string>{"stranger"});
}

// The place of one who was sent away may be held for a while by those who let it go.
TEST_F(LobbyTest, nobodyIsSentAwayTwice) {
  const auto seats = arrive("flood", 10);
  clock.pass(kUnfinishedGrace);
  const auto more = arrive("next", 3);
  EXPECT_EQ(gone.size(), 3u);
  EXPECT_EQ(metrics.counter("unauthenticated_dropped_total", "").value(), 3u);
}

TEST_F(LobbyTest, theDoorIsShutLongerEachTime) {
  refuse("knocker", 2);
  EXPECT_FALSE(lobby->mustWait("knocker"));
  refuse("knocker", 1);
  EXPECT_FALSE(lobby->mustWait("knocker")) << "others of that address have their try";
  for (const auto pause : {seconds{1}, seconds{2}, seconds{4}, seconds{8}, seconds{16}, seconds{28}, seconds{28}}) {
    clock.pass(kKnockTime);
    EXPECT_TRUE(lobby->mustWait("knocker"));
    refuse("knocker", 5);  // who came before
    clock.pass(pause - std::chrono::milliseconds{1});
    EXPECT_TRUE(lobby->mustWait("knocker"));
    clock.pass(std::chrono::milliseconds{1});
    EXPECT_FALSE(lobby->mustWait("knocker"));
    refuse("knocker", 1);
  }
  EXPECT_FALSE(lobby->mustWait("somebody else"));
}

TEST_F(LobbyTest, oneWhoGetsInOpensTheDoor) {
  refuse("site", 3);
  clock.pass(kKnockTime);
  EXPECT_TRUE(lobby->mustWait("site"));
  clock.pass(kKnockPauseFirst);
  admitOne("site");
  refuse("site", 3);
  clock.pass(kKnockTime);
  EXPECT_FALSE(lobby->mustWait("site")) << "a device of theirs was in a moment ago";
  clock.pass(kGoodNameLasts);
  refuse("site", 1);
  clock.pass(kKnockTime);
  EXPECT_TRUE(lobby->mustWait("site"));
}

TEST_F(LobbyTest, whereADeviceIsInTheDoorStaysOpen) {
  const auto device = arrive("site");
  device->certified();
  device->admitted();
  clock.pass(kGoodNameLasts * 10);
  refuse("site", 10);
  clock.pass(kKnockTime);
  EXPECT_FALSE(lobby->mustWait("site"));
}

TEST_F(LobbyTest, aCertificateWithoutAConnectIsARefusal) {
  for (int time = 0; time < 3; ++time) arrive("site")->certified();
  clock.pass(kKnockTime);
  EXPECT_TRUE(lobby->mustWait("site"));
}

TEST_F(LobbyTest, memoryIsBounded) {
  Knocks knocks{3};
  for (int number = 0; number < 100; ++number) knocks.refused(std::to_string(number), clock.now());
  EXPECT_EQ(knocks.inRow("96"), 0u);
  EXPECT_EQ(knocks.inRow("99"), 1u);
  EXPECT_EQ(knocks.mayLog("99", clock.now()), 0u);
  EXPECT_EQ(knocks.mayLog("99", clock.now()), std::nullopt);
  clock.pass(kKnockQuiet);
  EXPECT_EQ(knocks.mayLog("99", clock.now()), 1u);
}

}  // namespace
}  // namespace spheregate::tls
