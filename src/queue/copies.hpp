#pragma once

#include <memory>

#include "core.hpp"
#include "segment_files.hpp"
#include "spheregate/queue/copies.hpp"
#include "spheregate/queue/disk.hpp"
#include "wishes.hpp"

namespace spheregate::queue {

// Reads what is queued for somebody who wants to look, without touching the queues.
class Copies {
 public:
  Copies(Core& core, DiskRunner& runner, std::shared_ptr<SegmentFiles> files);
  ~Copies() { *alive_ = false; }
  Copies(const Copies&) = delete;
  Copies& operator=(const Copies&) = delete;

  void copy(const CopyWish& wish, CopiesMade done);

 private:
  struct Task;
  void gather(Task& task) const;
  void take(Task& task, DeviceQueue& queue, Sequence sequence) const;
  void read(const std::shared_ptr<Task>& task);
  void arrived(const std::shared_ptr<Task>& task);

  Core& core_;
  DiskRunner& runner_;
  std::shared_ptr<SegmentFiles> files_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace spheregate::queue
