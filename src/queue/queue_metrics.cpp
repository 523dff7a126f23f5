#include "queue_metrics.hpp"

namespace spheregate::queue {
namespace {

metrics::Counter& droppedCounter(metrics::Registry& registry, const char* reason) {
  return registry.counter("messages_dropped_total", "Messages given up, by reason.", {{"reason", reason}});
}

metrics::Counter& deadCounter(metrics::Registry& registry, const char* reason) {
  return registry.counter("messages_dead_lettered_total", "Messages put into dead-letters/ of the store; the file and the log say why.",
                          {{"reason", reason}});
}

}  // namespace

QueueMetrics::QueueMetrics(metrics::Registry& registry)
    : recovered{registry.counter("messages_recovered_total", "Messages found in the store when the daemon started.")},
      delivered{registry.counter("messages_delivered_total", "Messages that the hub has acknowledged.")},
      expired{registry.counter("messages_expired_total", "Messages older than queue.message_ttl, given up.")},
      droppedFor{&droppedCounter(registry, "queue_full"), &droppedCounter(registry, "unreadable"), &droppedCounter(registry, "damaged")},
      deadLetteredFor{&deadCounter(registry, "unreadable"), &deadCounter(registry, "refused"), &deadCounter(registry, "poison")},
      retried{registry.counter("messages_retried_total", "Dead letters that an operator put back into their devices' queues.")},
      writtenBytes{registry.counter("queue_disk_written_bytes_total", "Bytes written to the store.")},
      syncs{registry.counter("queue_syncs_total", "Times that fdatasync of a segment has returned.")},
      syncSeconds{registry.histogram("queue_sync_seconds", "How long write and fdatasync of one batch took.",
                                     {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5})},
      readFailures{registry.counter("queue_read_failures_total", "Times that the disk did not give a stored message; it is asked again.")},
      quarantinedBytes{registry.counter("queue_quarantined_bytes_total", "Bytes of damaged regions set aside in quarantine/.")},
      tornBytes{registry.counter("queue_torn_bytes_total", "Bytes at the ends of segments that were never completely written.")},
      messages{registry.gauge("queue_messages", "Messages in custody: accepted, and not yet with the hub for certain.")},
      bytes{registry.gauge("queue_bytes", "Bytes of the messages in custody.")},
      diskBytes{registry.gauge("queue_disk_bytes", "Bytes that the store takes on disk.")},
      memoryBytes{registry.gauge("queue_memory_bytes", "Bytes of messages held in memory.")},
      limitBytes{registry.gauge("queue_limit_bytes", "queue.max_bytes, the limit of what the store may take on disk.")},
      roomBytes{registry.gauge("queue_room_bytes", "Bytes of the store that messages may still take, before queue.when_full decides.")},
      oldestAgeSeconds{registry.gauge("queue_oldest_age_seconds", "Age of the oldest message in custody, in seconds.")},
      open{registry.gauge("queue_open", "1 while the store takes messages; 0 after a failed write or sync, until the restart.")} {}

}  // namespace spheregate::queue
