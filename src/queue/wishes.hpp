#pragma once

#include <cstdint>
#include <vector>

#include "core.hpp"
#include "segment_files.hpp"

namespace spheregate::queue {

// A stored message whose body is asked of the disk.
struct Wish {
  Sequence sequence = 0;
  std::uint64_t ordinal = 0;
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;
  std::uint32_t salt = 0;
  std::uint32_t recordBytes = 0;
  bool found = false;                   // a sound record was there
  boost::system::error_code failure{};  // the disk did not answer, which says nothing about the record
  base::Bytes body;
};
using Wishes = std::vector<Wish>;

// For a message that is stored.
Wish wishFor(Core& core, const Entry& entry, Sequence sequence);
// Whether the message lies where it was looked for; it may have left, or moved to another segment.
inline bool liesThere(const Entry& entry, const Wish& wish) { return entry.segment == wish.segment && entry.offset == wish.offset; }

// A job of the DiskRunner. Neighbours in one segment are read at once, and one by one when that fails: a bad sector is one message's loss,
// not its neighbours'.
void fulfil(SegmentFiles& files, Wishes& wishes);

}  // namespace spheregate::queue
