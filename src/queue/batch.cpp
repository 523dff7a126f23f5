#include "batch.hpp"

#include <algorithm>

#include "spheregate/base/check.hpp"

namespace spheregate::queue {
namespace {

// One write; longer ones would make those that come after wait too long.
constexpr std::size_t kBatchBytesMax = 4u << 20;
// A queue keeps the bodies of so many messages beyond the next to be sent, when memory is plentiful.
constexpr Sequence kKeptAhead = 64;

}  // namespace

Batch::Batch(Core& core, bool beginsSegment)
    : core_{core}, segment_{*core.segments.active()}, beginsSegment_{beginsSegment}, start_{segment_.bytes} {}

bool Batch::hasRoom(std::size_t recordBytes) const {
  if (bytes_.empty()) return true;  // at least one record, however large
  const std::uint64_t after = bytes_.size() + recordBytes;
  return after <= kBatchBytesMax && start_ + after <= core_.settings.segmentBytes;
}

void Batch::declare(DeviceQueue& queue) {
  if (queue.snapshotSegment == segment_.number && !queue.snapshotDue) return;
  append(bytes_, segment_.salt,
         DeviceRecord{.number = static_cast<std::uint32_t>(queue.key),
                      .nextOrdinal = queue.nextOrdinal,
                      .storedFinished = queue.storedFinished,
                      .delivered = queue.ledger.delivered,
                      .expired = queue.ledger.expired,
                      .dropped = queue.ledger.dropped,
                      .deadLettered = queue.ledger.deadLettered,
                      .id = queue.id});
  segment_.bookBytes += kDeviceBytes + queue.id.size();
  if (Segment* before = core_.segments.find(queue.snapshotSegment)) --before->snapshots;
  queue.snapshotSegment = segment_.number;
  ++segment_.snapshots;
  queue.snapshotDue = queue.booksChanged = false;
}

bool Batch::take(DeviceQueue& queue) {
  constexpr std::size_t deviceBytes = kDeviceBytes + kDeviceIdBytesMax;
  if (!hasRoom(deviceBytes + kReleaseBytes)) return false;
  if (queue.snapshotDue) declare(queue);
  takeReleases(queue);
  return takeMessages(queue) && queue.releases.empty();
}

void Batch::takeReleases(DeviceQueue& queue) {
  if (queue.releases.empty()) return;
  declare(queue);
  std::sort(queue.releases.begin(), queue.releases.end());
  std::size_t taken = 0;
  while (taken < queue.releases.size() && hasRoom(kReleaseBytes)) {
    const Entry& begin = queue.at(queue.releases[taken]);
    std::uint64_t count = 0;
    while (taken < queue.releases.size()) {
      const Entry& entry = queue.at(queue.releases[taken]);
      if (entry.ordinal != begin.ordinal + count || entry.fate != begin.fate) break;
      if (entry.segment != segment_.number) segment_.speaksFor.insert(entry.segment);
      released_.emplace_back(queue.key, queue.releases[taken++]);
      ++count;
    }
    writeRelease(queue, begin.ordinal, count, begin.fate);
  }
  queue.releases.erase(queue.releases.begin(), queue.releases.begin() + static_cast<std::ptrdiff_t>(taken));
}

void Batch::writeRelease(DeviceQueue& queue, std::uint64_t first, std::uint64_t count, Fate fate) {
  segment_.bookBytes += kReleaseBytes;
  append(bytes_, segment_.salt,
         ReleaseRecord{.device = static_cast<std::uint32_t>(queue.key),
                       .firstOrdinal = first,
                       .count = static_cast<std::uint32_t>(count),
                       .fate = fate});
}

bool Batch::takeMessages(DeviceQueue& queue) {
  const Sequence end = std::min(queue.commitThrough + 1, queue.end());
  for (; queue.unwritten < end; ++queue.unwritten) {
    Entry& entry = queue.at(queue.unwritten);
    if (entry.where != Where::memory || entry.fate != Fate::none) continue;
    const std::size_t recordBytes = entry.recordBytes() + kDeviceBytes + kDeviceIdBytesMax;
    if (!hasRoom(recordBytes) || !core_.roomFor(bytes_.size() + recordBytes)) return false;
    declare(queue);
    entry.ordinal = queue.nextOrdinal++;
    entry.segment = segment_.number;
    entry.offset = static_cast<std::uint32_t>(start_ + bytes_.size());
    entry.where = Where::writing;
    append(bytes_, segment_.salt,
           MessageRecord{.device = static_cast<std::uint32_t>(queue.key),
                         .ordinal = entry.ordinal,
                         .acceptedMs = core_.wallMsOf(entry.acceptedTenths),
                         .body = entry.view()});
    core_.unwrittenBytes -= entry.storeBytes();
    ++queue.storedLive;
    ++core_.storedLive;
    written_.emplace_back(queue.key, queue.unwritten);
  }
  return true;
}

bool Batch::take(Rescue& rescue) {
  while (!rescue.messages.empty()) {
    const Rescue::Message& message = rescue.messages.back();
    DeviceQueue& queue = core_.at(message.device);
    const auto sequence = queue.find(message.ordinal);
    if (sequence && queue.at(*sequence).fate == Fate::none && queue.at(*sequence).segment == rescue.segment) {
      if (!hasRoom(kMessageBytes + message.body.size() + kDeviceBytes + kDeviceIdBytesMax)) return false;
      declare(queue);
      moved_.push_back({message.device, message.ordinal, rescue.segment, static_cast<std::uint32_t>(start_ + bytes_.size())});
      // The old copy is there until its segment is gone; until then the new one must not be forgotten.
      segment_.speaksFor.insert(rescue.segment);
      append(bytes_, segment_.salt,
             MessageRecord{.device = static_cast<std::uint32_t>(queue.key),
                           .ordinal = message.ordinal,
                           .acceptedMs = message.acceptedMs,
                           .body = message.body});
    }
    rescue.messages.pop_back();
  }
  while (!rescue.releases.empty()) {
    if (!hasRoom(kReleaseBytes + kDeviceBytes + kDeviceIdBytesMax)) return false;
    DeviceQueue& queue = core_.at(rescue.releases.back().device);
    declare(queue);
    // Whoever the old segment spoke for is spoken for by every segment that a part of it goes to.
    segment_.speaksFor.insert(rescue.segment);
    writeRelease(queue, rescue.releases.back().firstOrdinal, rescue.releases.back().count, Fate::none);
    rescue.releases.pop_back();
  }
  return true;
}

void Batch::storedMessage(DeviceQueue& queue, Sequence sequence) {
  Entry& entry = queue.at(sequence);
  entry.where = Where::stored;
  segment_.hold(entry.recordBytes());
  if (entry.fate != Fate::none && core_.closed) {
    core_.complete(queue, entry);
  } else if (entry.fate != Fate::none) {
    queue.releases.push_back(sequence);
    core_.wantWrite(queue);
  } else if (entry.offered || sequence > queue.cursor + kKeptAhead || core_.memoryBytes > core_.settings.memoryBytesMax / 4) {
    core_.dropBody(entry);
  }
}

void Batch::stored() {
  for (const auto& [key, sequence] : written_) storedMessage(core_.at(key), sequence);
  for (const Move& move : moved_) {
    DeviceQueue& queue = core_.at(move.device);
    const auto sequence = queue.find(move.ordinal);
    if (!sequence || queue.at(*sequence).done || queue.at(*sequence).segment != move.from) continue;
    Entry& entry = queue.at(*sequence);
    core_.segments.find(move.from)->forget(entry.recordBytes());
    entry.segment = segment_.number;
    entry.offset = move.to;
    segment_.hold(entry.recordBytes());
  }
  for (const auto& [key, sequence] : released_) core_.complete(core_.at(key), core_.at(key).at(sequence));
  for (const auto& [key, sequence] : written_) core_.settle(core_.at(key));
  for (const auto& [key, sequence] : released_) core_.settle(core_.at(key));
}

void Batch::failed() {
  for (const auto& [key, sequence] : written_) {
    DeviceQueue& queue = core_.at(key);
    Entry& entry = queue.at(sequence);
    entry.where = Where::memory;
    --queue.storedLive;
    --core_.storedLive;
    core_.unwrittenBytes += entry.storeBytes();
    if (entry.fate == Fate::none) continue;
    core_.unwrittenBytes -= entry.storeBytes();
    core_.complete(queue, entry);
  }
  for (const auto& [key, sequence] : released_) core_.complete(core_.at(key), core_.at(key).at(sequence));
  for (const auto& [key, sequence] : written_) core_.settle(core_.at(key));
  for (const auto& [key, sequence] : released_) core_.settle(core_.at(key));
}

}  // namespace spheregate::queue
