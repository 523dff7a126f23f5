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
constexpr base::Duration kDiskRetry = std::chrono::seconds{1};
constexpr std::uint32_t kReadTries = 30;

}  // namespace

ReadBack::ReadBack(Core& core, DiskRunner& runner, std::shared_ptr<SegmentFiles> files)
    : core_{core}, runner_{runner}, files_{std::move(files)}, retry_{core.timers} {}

void ReadBack::need(DeviceQueue& queue) {
  if (queue.reading) return;
  queue.readThrough = queue.cursor - 1;
  request(queue);
}

void ReadBack::ahead(DeviceQueue& queue) {
  // With memory short, only what is next is read, when it is next.
  if (queue.reading || memoryIsShort() || queue.cursor + kRefillBelow <= queue.readThrough) return;
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
  if (running_ > 0 && memoryIsShort()) return wait(queue, kMemoryRetry);
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

void ReadBack::wait(DeviceQueue& queue, base::Duration pause) {
  queue.reading = true;
  waiting_.push_back(queue.key);
  if (!retry_.armed()) retry_.after(pause, [this] { serveWaiting(); });
}

Wishes ReadBack::gather(DeviceQueue& queue) const {
  Wishes wishes;
  std::size_t bytes = 0;
  const std::size_t messagesMax = memoryIsShort() ? 1 : kMessagesAhead;
  for (Sequence sequence = std::max(queue.cursor, queue.readThrough + 1); sequence < queue.end(); ++sequence) {
    const Entry& entry = queue.at(sequence);
    if (entry.where != Where::stored) break;
    if (entry.body || entry.fate != Fate::none) continue;
    if (wishes.size() == messagesMax || (bytes > 0 && bytes + entry.size > kBytesAhead)) break;
    bytes += entry.size;
    wishes.push_back(wishFor(core_, entry, sequence));
  }
  return wishes;
}

void ReadBack::arrived(DeviceKey key, Wishes& wishes) {
  --running_;
  DeviceQueue& queue = core_.at(key);
  queue.reading = false;
  for (const Wish& wish : wishes) {
    // The queue may have started again since, and the message may have left or moved to another segment.
    if (!queue.holds(wish.sequence) || wish.sequence > queue.readThrough) continue;
    Entry& entry = queue.at(wish.sequence);
    if (entry.fate != Fate::none || entry.body || !liesThere(entry, wish)) continue;
    if (wish.failure && !hopeless(queue, wish)) {
      // Nothing behind it may overtake it; so the queue waits for the disk.
      queue.readThrough = wish.sequence - 1;
      return wait(queue, kDiskRetry);
    }
    if (wish.found) {
      core_.attachBody(entry, wish.body);
    } else {
      giveUp(queue, wish);
    }
  }
  core_.notices.ready(queue);
  serveWaiting();
}

// A bad sector stays bad. Anything else, a lack of descriptors for example, may pass.
bool ReadBack::hopeless(DeviceQueue& queue, const Wish& wish) {
  core_.metrics.readFailures.add();
  const bool again = queue.failedRead == wish.sequence;
  queue.failedRead = wish.sequence;
  queue.failedReads = again ? queue.failedReads + 1 : 1;
  if (queue.failedReads == 1) {
    base::logWarn("stored message not readable now", {{"device", queue.id},
                                                      {"segment", segmentName(wish.segment)},
                                                      {"reason", wish.failure.message()},
                                                      {"consequence", "it is asked for again every second"}});
  }
  return wish.failure == boost::system::errc::io_error && queue.failedReads >= kReadTries;
}

// Nothing will bring it back.
void ReadBack::giveUp(DeviceQueue& queue, const Wish& wish) {
  core_.segments.find(wish.segment)->suspect = true;
  base::logError("stored message unreadable", {{"device", queue.id},
                                               {"segment", segmentName(wish.segment)},
                                               {"offset", wish.offset},
                                               {"consequence", "it is given up and counted; the segment is kept in quarantine/"},
                                               {"fix", "check the disk of queue.path"}});
  core_.leave(queue, wish.sequence, Fate::dropped, DropReason::unreadable);
}

void ReadBack::serveWaiting() {
  if (waiting_.empty()) return;
  DeviceQueue& queue = core_.at(waiting_.front());
  waiting_.pop_front();
  queue.reading = false;
  request(queue);
  // What it waited for may have left; whoever waits for the queue must hear of it.
  if (!queue.reading) core_.notices.ready(queue);
  if (!waiting_.empty() && !retry_.armed()) retry_.after(kMemoryRetry, [this] { serveWaiting(); });
}

}  // namespace spheregate::queue
