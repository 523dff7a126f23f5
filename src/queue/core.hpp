#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "device_queue.hpp"
#include "notices.hpp"
#include "queue_metrics.hpp"
#include "segments.hpp"
#include "spheregate/queue/custody.hpp"

namespace spheregate::queue {

// Every message in custody has some bytes in memory, wherever its body is; so the number of them is limited too, to one for so many
// bytes of the store. Only very small messages meet this limit before that of the store.
inline constexpr std::uint64_t kStoreBytesPerMessage = 256;

// What the parts of custody share: the devices' queues, the books, and how a message leaves them. Core thread only.
class Core {
 public:
  Core(const Settings& settings, base::Timers& timers, metrics::Registry& registry);

  DeviceQueue& device(std::string_view id);
  std::optional<DeviceKey> find(std::string_view id) const;
  DeviceQueue& at(DeviceKey key) { return *devices[static_cast<std::size_t>(key)]; }
  const DeviceQueue& at(DeviceKey key) const { return *devices[static_cast<std::size_t>(key)]; }

  Entry& accept(DeviceQueue& queue, base::ByteView body);
  // The message just accepted was a dead letter: it is not another one, and no dead letter any more.
  void tookBack(DeviceQueue& queue);
  // Counts a message that is given up before it came in.
  void turnAway(DeviceQueue& queue);
  // The message leaves. What is stored stays in the books until the record of that is on stable storage too.
  void leave(DeviceQueue& queue, Sequence sequence, Fate fate, DropReason reason = DropReason::queueFull);
  // It has left for good.
  void complete(DeviceQueue& queue, Entry& entry);
  // After entries were completed or stored: forgets those at the front, and moves `safe`.
  void settle(DeviceQueue& queue);
  // One that was found in the store at the start.
  void recovered(DeviceQueue& queue, Entry entry);

  void attachBody(Entry& entry, base::ByteView body);
  void dropBody(Entry& entry);
  void close(std::string_view why);

  std::int32_t tenthsNow() const;
  std::uint64_t wallMsOf(std::int32_t tenths) const;
  std::int32_t tenthsOf(std::uint64_t wallMs) const;
  bool expired(const Entry& entry) const;
  // Of the oldest message that is queued; nothing when none is.
  std::optional<double> oldestAgeSeconds() const;

  // What the store must keep free so that everything queued can leave it: records of that, and room to move segments about.
  std::uint64_t headroom() const;
  bool roomFor(std::uint64_t bytes) const { return segments.usedBytes() + headroom() + bytes <= settings.bytesMax; }
  // What messages may still take: `roomFor` with all that waits to be written, and what an acceptance asks for besides.
  std::uint64_t room() const {
    const std::uint64_t taken = segments.usedBytes() + headroom() + unwrittenBytes + settings.segmentBytes / 4;
    return settings.bytesMax - std::min(settings.bytesMax, std::max(taken, queuedMessages * kStoreBytesPerMessage));
  }

  const Settings settings;
  std::chrono::milliseconds messageTtl;  // of the settings at first; 0: never
  base::Timers& timers;
  QueueMetrics metrics;
  Notices notices;
  Segments segments;
  std::vector<std::unique_ptr<DeviceQueue>> devices;
  // Set by the journal: a queue has something to write.
  std::function<void(DeviceQueue&)> wantWrite;

  const std::uint64_t life;  // random, see SegmentHeader

  // The files in dead-letters/ and how large they are, as far as nobody else removes some.
  std::map<std::string, std::uint64_t, std::less<>> letters;

  Ledger totals;
  std::uint64_t queuedMessages = 0;
  std::uint64_t queuedBytes = 0;
  std::uint64_t memoryBytes = 0;     // bodies
  std::uint64_t unwrittenBytes = 0;  // what would have to be written if the uplink failed now
  std::uint64_t storedLive = 0;
  bool opened = false;
  bool closed = false;
  std::string closedReason;

 private:
  void count(DeviceQueue& queue, Fate fate, DropReason reason);

  base::MonoTime began_;
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, DeviceKey, Hash, std::equal_to<>> keys_;
};

}  // namespace spheregate::queue
