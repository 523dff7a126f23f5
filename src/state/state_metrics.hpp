#pragma once

#include "spheregate/metrics/registry.hpp"

namespace spheregate::state {

// Counted on the core thread, whatever thread it happened on.
struct StateMetrics {
  explicit StateMetrics(metrics::Registry& registry);

  metrics::Counter& stored;
  metrics::Counter& failed;
  metrics::Counter& tooLarge;
  metrics::Counter& noRoom;
  metrics::Counter& refused;
  metrics::Counter& damaged;
  metrics::Histogram& commitSeconds;
  metrics::Gauge& bytes;
  metrics::Gauge& usable;
};

}  // namespace spheregate::state
