#include "door_turn.hpp"

#include <gtest/gtest.h>

#include <boost/asio/post.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "limits.hpp"

namespace spheregate::tls {
namespace {

class DoorTurnTest : public testing::Test {
 protected:
  void inside(char name, int laps) {
    boost::asio::post(loop, [this, name, laps] {
      order += name;
      if (laps > 1) inside(name, laps - 1);
    });
  }

  boost::asio::io_context loop{1};
  DoorTurn& door = DoorTurn::of(loop);
  std::string order;
};

TEST_F(DoorTurnTest, whatIsInsideHasItsLapsBeforeEachPiece) {
  for (int piece = 0; piece < 2; ++piece) {
    door.add([this] {
      order += 'D';
      inside('i', kDoorLaps - 1);
    });
  }
  loop.run();
  EXPECT_EQ(order, "DiiDii");
}

TEST_F(DoorTurnTest, aPieceThatAddsItselfIsBehindTheOthers) {
  door.add([this] {
    order += 'a';
    door.add([this] { order += 'a'; });
  });
  door.add([this] { order += 'b'; });
  loop.run();
  EXPECT_EQ(order, "aba");
}

// Somebody who always has something more to send, as in a full closed loop.
class Talker final : public WriteTurn::Writer {
 public:
  explicit Talker(boost::asio::io_context& loop) : turn_{WriteTurn::of(loop)} { turn_.add(*this); }
  void writeNow() override {
    ++said;
    if (said < kEnough && !heard) turn_.add(*this);
  }
  bool heard = false;
  int said = 0;
  static constexpr int kEnough = 100'000'000;

 private:
  WriteTurn& turn_;
};

TEST_F(DoorTurnTest, theDoorHasItsShareHoweverMuchIsSaidInside) {
  Talker talker{loop};
  const auto began = std::chrono::steady_clock::now();
  auto waited = std::chrono::steady_clock::duration::zero();
  door.add([&] {
    waited = std::chrono::steady_clock::now() - began;
    talker.heard = true;
  });
  loop.run();
  EXPECT_TRUE(talker.heard);
  EXPECT_GT(talker.said, kDoorLaps);
  EXPECT_GE(waited, kDoorWaitMax);
}

TEST_F(DoorTurnTest, whatWaitsIsDroppedWithTheLoop) {
  const auto held = std::make_shared<int>(1);
  auto dying = std::make_unique<boost::asio::io_context>(1);
  DoorTurn::of(*dying).add([held] {});
  DoorTurn::of(*dying).add([held] {});
  dying.reset();
  EXPECT_EQ(held.use_count(), 1);
}

}  // namespace
}  // namespace spheregate::tls
