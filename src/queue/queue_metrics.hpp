#pragma once

#include <cstddef>
#include <cstdint>

#include "spheregate/metrics/registry.hpp"
#include "spheregate/queue/custody.hpp"

namespace spheregate::queue {

// Why a message in custody was given up.
enum class DropReason : std::uint8_t { queueFull, unreadable, damaged };
inline constexpr std::size_t kDropReasons = 3;
inline constexpr std::size_t kDeadReasons = 3;

struct QueueMetrics {
  explicit QueueMetrics(metrics::Registry& registry);
  metrics::Counter& deadLettered(DeadReason reason) { return *deadLetteredFor[static_cast<std::size_t>(reason)]; }
  metrics::Counter& dropped(DropReason reason) { return *droppedFor[static_cast<std::size_t>(reason)]; }

  metrics::Counter& recovered;
  metrics::Counter& delivered;
  metrics::Counter& expired;
  metrics::Counter* droppedFor[kDropReasons];
  metrics::Counter* deadLetteredFor[kDeadReasons];
  metrics::Counter& retried;
  metrics::Counter& writtenBytes;
  metrics::Counter& syncs;
  metrics::Histogram& syncSeconds;
  metrics::Counter& readFailures;
  metrics::Counter& quarantinedBytes;
  metrics::Counter& tornBytes;
  metrics::Gauge& messages;
  metrics::Gauge& bytes;
  metrics::Gauge& diskBytes;
  metrics::Gauge& memoryBytes;
  metrics::Gauge& limitBytes;
  metrics::Gauge& roomBytes;
  metrics::Gauge& oldestAgeSeconds;
  metrics::Gauge& open;
};

}  // namespace spheregate::queue
