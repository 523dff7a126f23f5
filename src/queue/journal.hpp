#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "batch.hpp"
#include "core.hpp"
#include "segment_files.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/queue/disk.hpp"

namespace spheregate::queue {

// Group commit: everything that waits to be written when a batch begins goes with it, and while it is on its way to the disk the
// next one gathers. One batch at a time, so whoever reads the books while one is made finds all earlier ones in them.
class Journal {
 public:
  // `stored` runs after every batch, and when there turned out to be nothing to write.
  Journal(Core& core, DiskRunner& runner, std::shared_ptr<SegmentFiles> files, std::function<void()> stored);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  void want(DeviceQueue& queue);
  // One at a time; `rescuing` until it is on stable storage.
  void rescue(Rescue rescue);
  bool rescuing() const { return rescue_.has_value(); }
  // The next batch begins a new segment, so that the active one can go.
  void roll() { rollDue_ = true; }
  // A batch is on its way to the disk.
  bool writing() const { return running_ != nullptr; }
  // Nothing is being written, and nothing could be: what still waits has no room.
  bool idle() const { return !running_ && !start_.armed(); }
  // There may be room for those that had none.
  void retry();
  bool starved() const { return starved_; }

 private:
  struct Outcome;

  void begin();
  void fill(Batch& batch);
  void finished(const Outcome& outcome);
  void endRescue();

  Core& core_;
  DiskRunner& runner_;
  std::shared_ptr<SegmentFiles> files_;
  std::function<void()> stored_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  base::Timer start_;
  std::vector<DeviceQueue*> wanted_;
  std::optional<Rescue> rescue_;
  bool rescuedAll_ = false;
  std::unique_ptr<Batch> running_;
  bool rollDue_ = false;
  bool starved_ = false;  // the last try left something for want of room
};

}  // namespace spheregate::queue
