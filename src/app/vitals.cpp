#include "vitals.hpp"

#include "memory_limit.hpp"
#include "spheregate/app/version.hpp"

namespace spheregate::app {

Vitals::Vitals(const std::filesystem::path& store, queue::DiskRunner& runner, base::Timers& timers, metrics::Registry& metrics)
    : loopDelay_{timers, metrics}, storeRoom_{store, runner, timers, metrics} {
  metrics.gauge("build_info", "1, with the version as a label.", {{"version", kVersion}}).set(1);
  metrics::Gauge& memory = metrics.gauge("memory_limit_bytes", "Memory that the gateway may use: the limit of its control group, or all of the machine's.");
  // It may be changed while the gateway runs.
  metrics.beforeScrape([&memory] { memory.set(static_cast<double>(memoryLimit())); });
}

}  // namespace spheregate::app
