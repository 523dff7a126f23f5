#include "read_back.hpp"

#include <algorithm>
#include <utility>

#include "spheregate/base/log.hpp"

namespace spheregate::queue {
namespace {

constexpr std::size_t kMessagesAhead = 128;
constexpr std::size_t kBytesAhead = 128 * 1024;
constexpr Sequence kRefillBelow = 64;
constexpr base::Duration kMemoryRetry = std::chrono::milliseconds{5};

}  // namespace

ReadBack::ReadBack(Core& core, DiskRunner& runner, std::shared_ptr<SegmentFiles> files)
    : core_{core}, runner_{runner}, files_{std::move(files)}, retry_{core.timers} {}

void ReadBack::need(DeviceQueue& queue) {
  if (queue.reading) return;
  queue.readThrough = queue.cursor - 1;
  request(queue);
}

void ReadBack::ahead(DeviceQueue& queue) {
  if (queue.reading || queue.cursor + kRefillBelow <= queue.readThrough) return;
  request(queue);
}

void ReadBack::rewind(DeviceQueue& queue) {
  for (Sequence sequence = queue.cursor; sequence < std::min(queue.readThrough + 1, queue.end()); ++sequence) {
    Entry& entry = queue.at(sequence);
    if (entry.where == Where::stored) core_.dropBody(entry);
  }
  queue.readThrough = 0;
}

void ReadBack::request(DeviceQueue& queue) {
  if (running_ > 0 && core_.memoryBytes > core_.settings.memoryBytesMax) {
    queue.reading = true;
    waiting_.push_back(queue.key);
    if (!retry_.armed()) retry_.after(kMemoryRetry, [this] { serveWaiting(); });
    return;
  }
  auto wishes = std::make_shared<Wishes>(gather(queue));
  if (wishes->empty()) return;
  queue.readThrough = wishes->back().sequence;
  queue.reading = true;
  ++running_;
  runner_.submit([files = files_, wishes] { fulfil(*files, *wishes); },
                 [this, alive = alive_, key = queue.key, wishes] {
                   if (*alive) arrived(key, *wishes);
                 });
}

ReadBack::Wishes ReadBack::gather(DeviceQueue& queue) const {
  Wishes wishes;
  std::size_t bytes = 0;
  for (Sequence sequence = std::max(queue.cursor, queue.readThrough + 1); sequence < queue.end(); ++sequence) {
    const Entry& entry = queue.at(sequence);
    if (entry.where != Where::stored) break;
    if (entry.body || entry.fate != Fate::none) continue;
    if (wishes.size() == kMessagesAhead || (bytes > 0 && bytes + entry.size > kBytesAhead)) break;
    bytes += entry.size;
    wishes.push_back({.sequence = sequence,
                      .ordinal = entry.ordinal,
                      .segment = entry.segment,
                      .offset = entry.offset,
                      .salt = core_.segments.all().at(entry.segment).salt,
                      .recordBytes = static_cast<std::uint32_t>(entry.recordBytes()),
                      .body = {}});
  }
  return wishes;
}

// Neighbours in one segment are read at once.
void ReadBack::fulfil(SegmentFiles& files, Wishes& wishes) {
  for (std::size_t begin = 0; begin < wishes.size();) {
    std::size_t end = begin + 1;
    std::size_t bytes = wishes[begin].recordBytes;
    while (end < wishes.size() && wishes[end].segment == wishes[begin].segment && wishes[end].offset == wishes[begin].offset + bytes) {
      bytes += wishes[end++].recordBytes;
    }
    const auto read = files.read(wishes[begin].segment, wishes[begin].offset, bytes);
    std::size_t at = 0;
    for (; begin < end; ++begin) {
      Wish& wish = wishes[begin];
      if (!read || at + wish.recordBytes > read->size()) continue;
      const auto record = readRecord(base::ByteView{*read}.subspan(at, wish.recordBytes), wish.salt);
      at += wish.recordBytes;
      if (!record || record->type != RecordType::message || record->message.ordinal != wish.ordinal) continue;
      wish.found = true;
      wish.body.assign(record->message.body.begin(), record->message.body.end());
    }
  }
}

void ReadBack::arrived(DeviceKey key, Wishes& wishes) {
  --running_;
  DeviceQueue& queue = core_.at(key);
  queue.reading = false;
  for (const Wish& wish : wishes) {
    if (!queue.holds(wish.sequence)) continue;
    Entry& entry = queue.at(wish.sequence);
    // It may have left, or moved to another segment, in the meantime.
    if (entry.fate != Fate::none || entry.body || entry.segment != wish.segment || entry.offset != wish.offset) continue;
    if (wish.found) {
      core_.attachBody(entry, wish.body);
      continue;
    }
    core_.segments.find(wish.segment)->suspect = true;
    base::logError("stored message unreadable", {{"device", queue.id},
                                                 {"segment", segmentName(wish.segment)},
                                                 {"offset", wish.offset},
                                                 {"consequence", "it is given up and counted; the segment is kept in quarantine/"},
                                                 {"fix", "check the disk of queue.path"}});
    core_.leave(queue, wish.sequence, Fate::dropped, DropReason::unreadable);
  }
  core_.notices.ready(queue);
  serveWaiting();
}

void ReadBack::serveWaiting() {
  if (waiting_.empty()) return;
  DeviceQueue& queue = core_.at(waiting_.front());
  waiting_.pop_front();
  queue.reading = false;
  request(queue);
  if (!waiting_.empty() && !retry_.armed()) retry_.after(kMemoryRetry, [this] { serveWaiting(); });
}

}  // namespace spheregate::queue
