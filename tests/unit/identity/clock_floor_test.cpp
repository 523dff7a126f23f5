#include "spheregate/identity/clock_floor.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "simulation/memory_store.hpp"
#include "unit/fakes.hpp"

namespace spheregate::identity {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class ClockFloorTest : public testing::Test {
 protected:
  void start() { floor.emplace(time.clock, store, metrics, released); }
  // A fleet that connects every ten minutes.
  void live(base::Duration span) {
    for (base::Duration done{}; done < span; done += minutes{10}) {
      time.pass(minutes{10});
      floor->confirm();
    }
    time.settle();
  }
  std::map<std::string, std::string>& rows() { return disk.of(state::Table::gateway); }
  double behind() {
    metrics.text();
    return metrics.gauge("clock_behind", "").value();
  }

  test::ManualTime time;
  metrics::Registry metrics;
  simulation::MemoryTables disk;
  simulation::MemoryStore store{time.timers, disk};
  base::WallTime released = time.clock.wall() - hours{24 * 30};
  std::optional<ClockFloor> floor;
};

TEST_F(ClockFloorTest, aGoodClockIsWhatCertificatesAreJudgedBy) {
  start();
  EXPECT_EQ(floor->wall(), time.clock.wall());
  EXPECT_FALSE(floor->behind());
  EXPECT_EQ(behind(), 0);
}

TEST_F(ClockFloorTest, aClockBeforeTheReleaseIsNotBelieved) {
  time.clock.jump(-hours{24 * 365 * 20});
  start();
  EXPECT_EQ(floor->wall(), released);
  EXPECT_TRUE(floor->behind());
  EXPECT_EQ(behind(), 1);
  time.clock.jump(hours{24 * 365 * 20});
  EXPECT_EQ(floor->wall(), time.clock.wall());
  EXPECT_EQ(behind(), 0);
}

TEST_F(ClockFloorTest, followsAClockThatIsSteadyAndOutlivesARestart) {
  start();
  live(hours{12});
  const base::WallTime reached = floor->floor();
  EXPECT_GT(reached, time.clock.wall() - hours{1} - minutes{10});
  time.clock.jump(-hours{24 * 10});
  EXPECT_TRUE(floor->behind());
  start();
  EXPECT_EQ(floor->floor(), reached - (reached - std::chrono::floor<std::chrono::seconds>(reached)));
  EXPECT_TRUE(floor->behind());
}

TEST_F(ClockFloorTest, isWrittenOnceAnHourAtMost) {
  start();
  live(hours{7});
  int writes = 0;
  std::string row = rows().at("clock_floor");
  for (int step = 0; step < 12 * 24; ++step) {
    time.pass(minutes{5});
    floor->confirm();
    time.settle();
    if (rows().at("clock_floor") != row) ++writes;
    row = rows().at("clock_floor");
  }
  EXPECT_LE(writes, 24);
  EXPECT_GE(writes, 20);
}

TEST_F(ClockFloorTest, staysWhileNoDeviceIsLetInWithAValidCertificate) {
  start();
  time.pass(hours{24 * 30});
  EXPECT_EQ(floor->floor(), released);
}

TEST_F(ClockFloorTest, aMomentInTheFutureDoesNotLockTheGatewayThere) {
  start();
  live(hours{12});
  const base::WallTime before = floor->floor();
  constexpr hours century{24 * 365 * 75};
  time.clock.jump(century);
  live(hours{5});
  EXPECT_EQ(floor->floor(), before);
  time.clock.jump(-century);
  live(minutes{30});
  EXPECT_FALSE(floor->behind());
  EXPECT_LT(floor->floor(), time.clock.wall());
  // And it goes on from there.
  live(hours{8});
  EXPECT_GT(floor->floor(), before);
}

TEST_F(ClockFloorTest, aTimeServiceThatCorrectsALittleIsNoJump) {
  start();
  for (int step = 0; step < 8; ++step) {
    live(hours{1});
    time.clock.jump(std::chrono::seconds{step % 2 == 0 ? 5 : -5});
  }
  EXPECT_GT(floor->floor(), released);
}

TEST_F(ClockFloorTest, ignoresARowThatNobodyWrote) {
  for (const char* row : {"", "1 ", "1 x", "2 1700000000", "1 -5", "1 99999999999999", "1 1700000000 "}) {
    rows()["clock_floor"] = row;
    start();
    EXPECT_EQ(floor->floor(), released) << row;
  }
}

TEST_F(ClockFloorTest, withoutTheRowItBeginsAtTheRelease) {
  rows()["clock_floor"] = "1 4070908800";  // the year 2099
  start();
  EXPECT_TRUE(floor->behind());
  rows().erase("clock_floor");
  start();
  EXPECT_FALSE(floor->behind());
}

}  // namespace
}  // namespace spheregate::identity
