#pragma once

#include <memory>

#include "core.hpp"
#include "journal.hpp"
#include "segment_files.hpp"

namespace spheregate::queue {

// Gives space back: removes segments that nothing needs, and when space is short moves the few messages that keep an old segment
// alive to the end of the journal, so that one device that cannot send does not hold everybody's disk.
class Cleaner {
 public:
  // `freed` runs when a segment is gone.
  Cleaner(Core& core, Journal& journal, DiskRunner& runner, std::shared_ptr<SegmentFiles> files, std::function<void()> freed);
  ~Cleaner() { *alive_ = false; }
  Cleaner(const Cleaner&) = delete;
  Cleaner& operator=(const Cleaner&) = delete;

  void run();
  // Gives up the messages of the oldest segment, for when_full: drop_oldest.
  void evict();

 private:
  void remove(Segment& segment);
  void carryBooks(Segment& segment);
  void returnSpaceWhenEmpty();
  Segment* mostlyDead();
  void read(std::uint32_t number, bool giveUp);
  void triage(std::uint32_t number, base::ByteView bytes, bool giveUp);

  Core& core_;
  Journal& journal_;
  DiskRunner& runner_;
  std::shared_ptr<SegmentFiles> files_;
  std::function<void()> freed_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  bool reading_ = false;
};

}  // namespace spheregate::queue
