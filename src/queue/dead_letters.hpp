#pragma once

#include <memory>
#include <set>
#include <string_view>
#include <utility>

#include "core.hpp"
#include "segment_files.hpp"
#include "spheregate/queue/disk.hpp"

namespace spheregate::queue {

// Messages that cannot be delivered, one file each in dead-letters/: a line of JSON that says whose and why, then the body.
class DeadLetters {
 public:
  DeadLetters(Core& core, DiskRunner& runner, std::shared_ptr<SegmentFiles> files);
  ~DeadLetters() { *alive_ = false; }
  DeadLetters(const DeadLetters&) = delete;
  DeadLetters& operator=(const DeadLetters&) = delete;

  // The message leaves when its file is on stable storage. Beyond a share of the store it is dropped and counted instead.
  void bury(DeviceQueue& queue, Sequence sequence, base::ByteView body, DeadReason kind, std::string_view reason);

 private:
  void buried(DeviceKey key, Sequence sequence, std::uint64_t bytes, const boost::system::error_code& failure);

  Core& core_;
  DiskRunner& runner_;
  std::shared_ptr<SegmentFiles> files_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  std::set<std::pair<DeviceKey, Sequence>> burying_;
  std::uint64_t next_ = 1;
};

}  // namespace spheregate::queue
