#pragma once

#include <memory>
#include <utility>

#include "spheregate/queue/disk.hpp"
#include "world.hpp"

namespace spheregate::simulation {

// The disk thread of the simulated world: one job at a time, each after a wait as on a slow card. Destroying it is the end of
// the process: what has not begun never happens, and what was done is not reported.
class FakeRunner final : public queue::DiskRunner {
 public:
  FakeRunner(World& world, base::Duration latencyMax) : world_{world}, latencyMax_{latencyMax} {}
  ~FakeRunner() override { *alive_ = false; }
  FakeRunner(const FakeRunner&) = delete;
  FakeRunner& operator=(const FakeRunner&) = delete;

  void submit(Job job, Job done) override {
    free_ = std::max(free_, world_.clock.now()) + world_.upTo(latencyMax_);
    world_.timers.at(free_, [alive = alive_, job = std::move(job)] {
      if (*alive) job();
    });
    reported_ = std::max(reported_, free_ + world_.upTo(std::chrono::microseconds{300}));
    world_.timers.at(reported_, [alive = alive_, done = std::move(done)] {
      if (*alive) done();
    });
  }

 private:
  World& world_;
  base::Duration latencyMax_;
  base::MonoTime free_{};
  base::MonoTime reported_{};
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace spheregate::simulation
