#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "queue_metrics.hpp"
#include "record.hpp"
#include "ring.hpp"
#include "spheregate/queue/custody.hpp"

namespace spheregate::queue {

enum class Where : std::uint8_t {
  memory,   // only here
  writing,  // in the batch that is on its way to the disk
  stored,   // on stable storage
};

// One message in custody.
struct Entry {
  std::unique_ptr<std::uint8_t[]> body;  // null while it is only on disk
  std::uint64_t ordinal = 0;             // 0 until it is in a batch
  std::uint32_t segment = 0;
  std::uint32_t offset = 0;          // of its record in the segment
  std::uint32_t size = 0;            // of the body
  std::int32_t acceptedTenths = 0;   // tenths of a second since the process began; before it when negative
  Where where = Where::memory;
  Fate fate = Fate::none;            // set: it has left, but if it is stored, the record of that may still be on its way
  DropReason dropReason = DropReason::queueFull;
  DeadReason deadReason = DeadReason::unreadable;
  bool offered = false;              // since the last rewind
  bool resent = false;               // offered before that
  bool done = false;                 // in the books as left; goes when it comes to the front

  base::ByteView view() const { return {body.get(), size}; }
  std::size_t recordBytes() const { return kMessageBytes + size; }
  // What a body costs in memory, with what the allocator and the queue need for it.
  std::size_t memoryBytes() const { return size + 64; }
  // What it costs the store in all: the record of its release too.
  std::size_t storeBytes() const { return recordBytes() + kReleaseBytes; }
};

// One device's messages in order. Message `first` is entries[0]; `end()` will be the next one's number.
struct DeviceQueue {
  DeviceKey key{};
  std::string id;

  Ring<Entry> entries;
  Sequence first = 1;
  Sequence cursor = 1;         // the next to offer
  Sequence unwritten = 1;      // before it, everything is stored, being written, or left without being written
  Sequence commitThrough = 0;  // up to here it is to be written
  Sequence safe = 0;           // up to here it may be acknowledged
  Sequence told = 0;           // and the user knows
  Sequence readThrough = 0;    // bodies up to here were asked of the disk, since the last rewind
  Sequence recovered = 0;      // the last one that was found at the start
  Sequence retried = 0;        // the dead letter that was put back last

  Sequence failedRead = 0;     // the message that the disk did not give last, and how often in a row
  std::uint32_t failedReads = 0;

  std::uint64_t nextOrdinal = 1;
  std::uint64_t storedFinished = 0;
  std::uint64_t bytes = 0;
  std::uint64_t queued = 0;          // not done
  std::uint32_t offered = 0;         // and not done
  std::uint32_t storedLive = 0;      // stored or being written, and not done
  std::uint32_t snapshotSegment = 0; // where its last device record is; 0: nowhere
  Ledger ledger;                     // `accepted` counts what is queued too

  std::vector<Sequence> releases;  // stored and left; the record of it is to be written
  bool snapshotDue = false;
  bool booksChanged = false;       // since the last device record, by messages that were never stored
  bool wanted = false;             // in the journal's list
  bool noticed = false;            // in the list of notices
  bool readyDue = false;
  bool waiting = false;            // `next` had nothing, for the window or for the disk
  bool reading = false;

  Sequence end() const { return first + entries.size(); }
  Entry& at(Sequence sequence) { return entries[sequence - first]; }
  const Entry& at(Sequence sequence) const { return entries[sequence - first]; }
  bool holds(Sequence sequence) const { return sequence >= first && sequence < end(); }
  // The message with this ordinal; nothing when it is gone. Ordinals go up with the numbers.
  std::optional<Sequence> find(std::uint64_t ordinal) const;
};

}  // namespace spheregate::queue
