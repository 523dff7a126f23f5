#include "vitals.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <deque>
#include <fstream>
#include <limits>
#include <random>

#include "memory_limit.hpp"
#include "unit/fakes.hpp"

namespace spheregate::app {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// The disk thread, when the test says so.
class Runner final : public queue::DiskRunner {
 public:
  void submit(Job job, Job done) override { jobs_.emplace_back(std::move(job), std::move(done)); }
  void work() {
    for (auto jobs = std::exchange(jobs_, {}); const auto& [job, done] : jobs) {
      job();
      done();
    }
  }

 private:
  std::deque<std::pair<Job, Job>> jobs_;
};

class VitalsTest : public testing::Test {
 protected:
  VitalsTest() { fs::create_directories(folder); }
  ~VitalsTest() override { fs::remove_all(folder); }

  static void write(const fs::path& file, const std::string& text) {
    fs::create_directories(file.parent_path());
    std::ofstream{file} << text;
  }
  void pass(base::Duration duration) {
    time.pass(duration);
    runner.work();
  }
  // Of one line of /metrics.
  double value(const std::string& series) {
    const std::string text = metrics.text();
    const auto at = text.find("\nspheregate_" + series + " ");
    EXPECT_NE(at, std::string::npos) << series;
    return at == std::string::npos ? -1 : std::stod(text.substr(at + series.size() + 13));
  }

  const fs::path folder = fs::temp_directory_path() / ("vitals-" + std::to_string(std::random_device{}()));
  const fs::path store = folder / "queue";
  test::ManualTime time;
  metrics::Registry metrics;
  Runner runner;
};

TEST_F(VitalsTest, aLateLoopIsMeasured) {
  fs::create_directories(store);
  const Vitals vitals{store, runner, time.timers, metrics};
  pass(1s);
  EXPECT_EQ(value("loop_delay_seconds_count"), 4);
  EXPECT_EQ(value("loop_delay_seconds_sum"), 0);
  // Something keeps the thread busy, and nobody looks at the timers meanwhile.
  time.clock.advance(2250ms);
  time.timers.run(time.clock.now());
  EXPECT_EQ(value("loop_delay_seconds_count"), 5);
  EXPECT_DOUBLE_EQ(value("loop_delay_seconds_sum"), 2);
  EXPECT_EQ(value("loop_delay_seconds_bucket{le=\"1\"}"), 4);
  EXPECT_EQ(value("loop_delay_seconds_bucket{le=\"2.5\"}"), 5);
}

TEST_F(VitalsTest, theFirstScrapeKnowsAlreadyWhatIsInTheStore) {
  write(store / "quarantine" / "journal-0000000001.seg", "x");
  write(store / "dead-letters" / "letter-1-1", "x");
  write(store / "dead-letters" / "letter-1-2", "x");
  const Vitals vitals{store, runner, time.timers, metrics};
  EXPECT_EQ(value("queue_quarantine_files"), 1);
  EXPECT_EQ(value("queue_dead_letters"), 2);
  EXPECT_GT(value("queue_disk_free_bytes"), 0);
}

TEST_F(VitalsTest, filesThatComeAndGoAreNoticed) {
  fs::create_directories(store);
  const Vitals vitals{store, runner, time.timers, metrics};
  EXPECT_EQ(value("queue_quarantine_files"), 0);
  for (int number = 1; number <= 3; ++number) {
    // At once after one another, so that the folder may have had this time already.
    write(store / "quarantine" / std::to_string(number), "x");
    pass(6s);
    EXPECT_EQ(value("queue_quarantine_files"), number);
  }
  fs::remove_all(store / "quarantine");
  pass(6s);
  EXPECT_EQ(value("queue_quarantine_files"), 0);
}

TEST_F(VitalsTest, aFolderIsReadAgainOnlyWhenItHasChanged) {
  const fs::path letters = store / "dead-letters";
  const auto before = fs::file_time_type::clock::now() - 1h;
  write(letters / "letter-1-1", "x");
  fs::last_write_time(letters, before);
  const Vitals vitals{store, runner, time.timers, metrics};
  EXPECT_EQ(value("queue_dead_letters"), 1);
  write(letters / "letter-1-2", "x");
  fs::last_write_time(letters, before);
  pass(6s);
  EXPECT_EQ(value("queue_dead_letters"), 1);
  fs::last_write_time(letters, before - 1h);
  pass(6s);
  EXPECT_EQ(value("queue_dead_letters"), 2);
}

TEST_F(VitalsTest, aStoreThatIsNotThereHasAnUnknownAmountOfRoom) {
  const Vitals vitals{folder / "gone", runner, time.timers, metrics};
  EXPECT_TRUE(std::isnan(value("queue_disk_free_bytes")));
  fs::create_directories(folder / "gone");
  pass(6s);
  EXPECT_GT(value("queue_disk_free_bytes"), 0);
}

TEST_F(VitalsTest, aLookThatEndsAfterItsOwnerIsNobodysBusiness) {
  {
    const Vitals vitals{store, runner, time.timers, metrics};
    time.pass(6s);
  }
  runner.work();
  time.pass(1min);
}

TEST_F(VitalsTest, theSmallestLimitOfTheGroupsCounts) {
  const fs::path own = folder / "cgroup";
  write(own, "1:name=systemd:/old\n0::/system.slice/spheregate.service\n");
  const std::uint64_t machine = memoryLimit(folder / "none", folder / "none");
  EXPECT_GT(machine, 16u << 20);
  const fs::path groups = folder / "groups";
  write(groups / "system.slice" / "spheregate.service" / "memory.max", "max\n");
  EXPECT_EQ(memoryLimit(own, groups), machine);
  write(groups / "system.slice" / "memory.max", "8388608\n");
  EXPECT_EQ(memoryLimit(own, groups), 8u << 20);
  write(groups / "system.slice" / "spheregate.service" / "memory.max", "4194304\n");
  EXPECT_EQ(memoryLimit(own, groups), 4u << 20);
  write(groups / "memory.max", "2097152\n");
  EXPECT_EQ(memoryLimit(own, groups), 2u << 20);
  write(groups / "memory.max", "99999999999999999\n");
  EXPECT_EQ(memoryLimit(own, groups), 4u << 20);
}

}  // namespace
}  // namespace spheregate::app
