#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "simulation/fake_disk.hpp"
#include "spheregate/queue/custody.hpp"
#include "unit/fakes.hpp"

// A store on a fake disk whose jobs run when the test says so.
namespace spheregate::queue {

class StepRunner final : public DiskRunner {
 public:
  void submit(Job job, Job done) override { jobs_.emplace_back(std::move(job), std::move(done)); }
  bool step() {
    if (jobs_.empty()) return false;
    auto [job, done] = std::move(jobs_.front());
    jobs_.pop_front();
    job();
    done();
    return true;
  }
  std::size_t waiting() const { return jobs_.size(); }

 private:
  std::deque<std::pair<Job, Job>> jobs_;
};

class Recorder final : public CustodyUser {
 public:
  void safe(DeviceKey device, Sequence through) override { safeThrough[device] = through; }
  void ready(DeviceKey device) override { ++readies[device]; }
  void roomAgain() override { ++rooms; }
  void storeClosed(std::string_view reason) override { closed = reason; }

  std::map<DeviceKey, Sequence> safeThrough;
  std::map<DeviceKey, int> readies;
  int rooms = 0;
  std::string closed;
};

// One life of the process.
struct Life {
  Life(const Settings& settings, Disk& disk, base::Timers& timers) : custody{settings, disk, runner, timers, metrics} { custody.open(user); }
  metrics::Registry metrics;
  StepRunner runner;
  Recorder user;
  Custody custody;
};

class StoreTest : public ::testing::Test {
 protected:
  StoreTest() {
    settings.bytesMax = 1 << 20;
    settings.segmentBytes = 16 * 1024;
    settings.commitAfter = std::chrono::milliseconds{50};
    settings.messageTtl = {};
  }

  void start() { life = std::make_unique<Life>(settings, disk, time.timers); }
  void kill() {
    life.reset();
    disk.crash();
  }
  void restart() {
    kill();
    start();
  }
  // Until nothing moves any more.
  void settle() {
    do {
      time.settle();
    } while (life->runner.step());
  }
  void pass(base::Duration duration) {
    time.pass(duration);
    settle();
  }

  Custody& custody() { return life->custody; }
  DeviceKey device(const std::string& id = "device-1") { return custody().device(id); }
  static std::string body(int number, std::size_t bytes = 200) {
    std::string text = std::to_string(number) + " ";
    text.resize(std::max(bytes, text.size()), '.');
    return text;
  }
  Accepted accept(DeviceKey key, const std::string& text, Urgency urgency = Urgency::now) {
    return custody().accept(key, base::asBytes(text), urgency);
  }
  // Takes messages and has them written.
  void store(DeviceKey key, int first, int count, std::size_t bytes = 200) {
    for (int number = first; number < first + count; ++number) {
      ASSERT_EQ(accept(key, body(number, bytes)).acceptance, Acceptance::taken) << number;
    }
    settle();
  }
  // Sends and has acknowledged everything that comes; the numbers in the bodies.
  std::vector<int> drain(DeviceKey key, std::size_t window = 8) {
    std::vector<int> numbers;
    for (int idle = 0; idle < 3;) {
      const auto outgoing = custody().next(key, window);
      if (!outgoing) {
        settle();
        ++idle;
        continue;
      }
      idle = 0;
      numbers.push_back(std::stoi(std::string{base::asText(outgoing->body)}));
      custody().delivered(key, outgoing->sequence);
    }
    settle();
    return numbers;
  }
  static std::vector<int> range(int first, int count) {
    std::vector<int> numbers;
    for (int number = first; number < first + count; ++number) numbers.push_back(number);
    return numbers;
  }
  void expectBalance() {
    Ledger sum;
    std::uint64_t queued = 0;
    for (std::size_t number = 0; number < custody().deviceCount(); ++number) {
      const DeviceQueueState state = custody().state(static_cast<DeviceKey>(number));
      const Ledger& books = state.ledger;
      EXPECT_EQ(books.accepted, books.delivered + state.messages + books.expired + books.dropped + books.deadLettered) << state.id;
      sum.accepted += books.accepted;
      sum.delivered += books.delivered;
      sum.expired += books.expired;
      sum.dropped += books.dropped;
      sum.deadLettered += books.deadLettered;
      queued += state.messages;
    }
    EXPECT_EQ(sum, custody().totals());
    EXPECT_EQ(queued, custody().queuedMessages());
  }
  std::vector<std::string> segments() {
    std::vector<std::string> names;
    for (const DiskEntry& entry : *disk.list()) names.push_back(entry.name);
    return names;
  }

  Settings settings;
  test::ManualTime time;
  simulation::FakeDisk disk;
  std::unique_ptr<Life> life;
};

}  // namespace spheregate::queue
