#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "core.hpp"
#include "segment_files.hpp"
#include "spheregate/queue/disk.hpp"
#include "wishes.hpp"

namespace spheregate::queue {

// Brings bodies back from the disk for the queues that are being sent, some messages ahead, within the memory allowed.
class ReadBack {
 public:
  ReadBack(Core& core, DiskRunner& runner, std::shared_ptr<SegmentFiles> files);
  ~ReadBack() { *alive_ = false; }
  ReadBack(const ReadBack&) = delete;
  ReadBack& operator=(const ReadBack&) = delete;

  // The body at the cursor is missing; `ready` will tell when it is there.
  void need(DeviceQueue& queue);
  // Reads on while the queue still has something to send.
  void ahead(DeviceQueue& queue);
  // The queue starts again from its cursor: what was read ahead is forgotten.
  void rewind(DeviceQueue& queue);

 private:
  void request(DeviceQueue& queue);
  Wishes gather(DeviceQueue& queue) const;
  bool hopeless(DeviceQueue& queue, const Wish& wish);
  void giveUp(DeviceQueue& queue, const Wish& wish);
  bool memoryIsShort() const { return core_.memoryBytes > core_.settings.memoryBytesMax; }
  void wait(DeviceQueue& queue, base::Duration pause);
  void arrived(DeviceKey key, Wishes& wishes);
  void serveWaiting();

  Core& core_;
  DiskRunner& runner_;
  std::shared_ptr<SegmentFiles> files_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::deque<DeviceKey> waiting_;  // for memory, or for a disk that failed to answer
  base::Timer retry_;
  std::size_t running_ = 0;
};

}  // namespace spheregate::queue
