#pragma once

#include <functional>
#include <memory>
#include <set>

#include "cleaner.hpp"
#include "copies.hpp"
#include "core.hpp"
#include "dead_letters.hpp"
#include "deadlines.hpp"
#include "journal.hpp"
#include "read_back.hpp"
#include "spheregate/queue/custody.hpp"

namespace spheregate::queue {

// The parts of custody, in the order in which they need each other.
struct Custody::Inside {
  Inside(const Settings& settings, Disk& disk, DiskRunner& runner, base::Timers& timers, metrics::Registry& registry);

  bool tight(const DeviceQueue& queue, std::size_t storeBytes, Urgency urgency, bool qos0) const;
  Accepted noRoom(DeviceQueue& queue, bool diskIsFull, bool qos0);
  void commitThrough(DeviceQueue& queue, Sequence sequence);
  void afterBatch();
  void spaceFreed();
  void offerRoom();
  void housekeeping();
  void expire(DeviceQueue& queue);
  void refreshGauges();

  Disk& disk;
  Core core;
  std::shared_ptr<SegmentFiles> files;
  Journal journal;
  Cleaner cleaner;
  ReadBack readBack;
  Deadlines deadlines;
  DeadLetters deadLetters;
  Copies copies;
  base::Timer housekeeper;
  std::function<void()> flushed;
  std::unique_ptr<std::uint8_t[]> lent;  // the body handed out last, when it is on disk too
  std::set<DeviceKey> dropped;           // since the last housekeeping
  bool full = false;                     // somebody was told so
};

}  // namespace spheregate::queue
