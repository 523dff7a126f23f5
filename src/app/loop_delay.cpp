#include "loop_delay.hpp"

#include <chrono>

namespace spheregate::app {
namespace {

constexpr base::Duration kInterval = std::chrono::milliseconds{250};

}  // namespace

LoopDelay::LoopDelay(base::Timers& timers, metrics::Registry& metrics)
    : timers_{timers},
      seconds_{metrics.histogram("loop_delay_seconds", "How late the core thread came to what was due, looked at four times a second.",
                                 {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10})},
      timer_{timers} {
  arm();
}

void LoopDelay::arm() {
  const base::MonoTime due = timers_.now() + kInterval;
  timer_.at(due, [this, due] {
    seconds_.observe(std::chrono::duration<double>(timers_.now() - due).count());
    arm();
  });
}

}  // namespace spheregate::app
