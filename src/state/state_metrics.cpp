#include "state_metrics.hpp"

namespace spheregate::state {
namespace {

metrics::Counter& changes(metrics::Registry& registry, const char* result) {
  return registry.counter("state_changes_total", "Changes of durable state, by what became of them.", {{"result", result}});
}

}  // namespace

StateMetrics::StateMetrics(metrics::Registry& registry)
    : stored{changes(registry, "stored")},
      failed{changes(registry, "failed")},
      tooLarge{changes(registry, "too_large")},
      noRoom{changes(registry, "no_room")},
      refused{changes(registry, "refused")},
      damaged{registry.counter("state_damaged_total", "Times that state.db was found damaged and set aside, with all that was in it.")},
      commitSeconds{registry.histogram("state_commit_seconds", "How long one transaction of state.db took, its sync included.",
                                       {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5})},
      bytes{registry.gauge("state_bytes", "Bytes in use in state.db.")},
      usable{registry.gauge("state_usable", "1 while state.db can be used.")} {}

}  // namespace spheregate::state
