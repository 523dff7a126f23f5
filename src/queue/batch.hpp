#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "core.hpp"

namespace spheregate::queue {

// What a segment that is to go still holds and somebody needs: written again at the end of the journal.
struct Rescue {
  std::uint32_t segment = 0;
  struct Message {
    DeviceKey device{};
    std::uint64_t ordinal = 0;
    std::uint32_t offset = 0;
    std::uint64_t acceptedMs = 0;
    base::Bytes body;
  };
  struct Release {
    DeviceKey device{};
    std::uint64_t firstOrdinal = 0;
    std::uint32_t count = 0;
  };
  std::vector<Message> messages;
  std::vector<Release> releases;
};

// The records that go to the disk with one write and one sync, all into the active segment.
class Batch {
 public:
  // The active segment must have been begun.
  Batch(Core& core, bool beginsSegment);

  bool empty() const { return bytes_.empty(); }
  bool beginsSegment() const { return beginsSegment_; }
  base::Bytes& bytes() { return bytes_; }
  std::uint32_t segment() const { return segment_.number; }
  std::uint64_t start() const { return start_; }  // offset in the segment

  // Everything the queue has to write, as far as there is room; false when something is left for another batch.
  bool take(DeviceQueue& queue);
  // Takes from the back of the lists what fits; false when something is left.
  bool take(Rescue& rescue);
  // Brings queues and books up to date after the sync, or back to where they were after a failure.
  void stored();
  void failed();

 private:
  bool hasRoom(std::size_t recordBytes) const;
  void declare(DeviceQueue& queue);
  void takeReleases(DeviceQueue& queue);
  bool takeMessages(DeviceQueue& queue);
  void writeRelease(DeviceQueue& queue, std::uint64_t first, std::uint64_t count, Fate fate);
  void storedMessage(DeviceQueue& queue, Sequence sequence);

  struct Move {
    DeviceKey device;
    std::uint64_t ordinal;
    std::uint32_t from;
    std::uint32_t to;  // offset
  };

  Core& core_;
  Segment& segment_;
  bool beginsSegment_;
  base::Bytes bytes_;
  std::uint64_t start_;
  std::vector<std::pair<DeviceKey, Sequence>> written_;
  std::vector<std::pair<DeviceKey, Sequence>> released_;
  std::vector<Move> moved_;
};

}  // namespace spheregate::queue
