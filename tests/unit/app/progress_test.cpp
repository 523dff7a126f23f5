#include "progress.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <utility>

#include "simulation/memory_store.hpp"
#include "unit/fakes.hpp"

namespace spheregate::app {
namespace {

using std::chrono::seconds;

// A disk whose thread runs when the test says so.
class Disk final : public queue::DiskRunner {
 public:
  void submit(Job job, Job done) override { jobs_.emplace_back(std::move(job), std::move(done)); }
  void run() {
    while (!jobs_.empty()) {
      auto [job, done] = std::move(jobs_.front());
      jobs_.pop_front();
      job();
      done();
    }
  }

 private:
  std::deque<std::pair<Job, Job>> jobs_;
};

// What is said at a look, and then time for answers.
class Progress : public ::testing::Test {
 protected:
  std::string look() {
    const std::string said = standstill();
    if (diskRuns) disk.run();
    if (stateRuns) time.pass(seconds{1});
    return said;
  }

  test::ManualTime time;
  simulation::MemoryTables tables;
  Disk disk;
  simulation::MemoryStore store{time.timers, tables};
  ops::Service::Standstill standstill = standstillOf(disk, store);
  bool diskRuns = true;
  bool stateRuns = true;
};

TEST_F(Progress, isWhileDiskAndStateAnswer) {
  for (int round = 0; round < 5; ++round) EXPECT_EQ(look(), "");
}

TEST_F(Progress, isNoneWhileTheDiskHangs) {
  EXPECT_EQ(look(), "");
  diskRuns = false;
  EXPECT_EQ(look(), "");
  EXPECT_EQ(look(), "the thread that writes messages to the disk does not answer");
  EXPECT_EQ(look(), "the thread that writes messages to the disk does not answer");
  disk.run();
  diskRuns = true;
  EXPECT_EQ(look(), "");
}

TEST_F(Progress, isNoneWhileTheStateHangs) {
  EXPECT_EQ(look(), "");
  stateRuns = false;
  EXPECT_EQ(look(), "");
  EXPECT_EQ(look(), "the thread of state.db does not answer");
  time.pass(seconds{1});
  stateRuns = true;
  EXPECT_EQ(look(), "");
}

}  // namespace
}  // namespace spheregate::app
