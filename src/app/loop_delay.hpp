#pragma once

#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::app {

// `loop_delay_seconds`: four times a second, how much later than wanted the core thread came to a timer. What it measures, every message
// waits for too.
class LoopDelay {
 public:
  LoopDelay(base::Timers& timers, metrics::Registry& metrics);

 private:
  void arm();

  base::Timers& timers_;
  metrics::Histogram& seconds_;
  base::Timer timer_;
};

}  // namespace spheregate::app
