#include "spheregate/queue/custody.hpp"

#include <algorithm>
#include <utility>

#include "custody_inside.hpp"
#include "recovery.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::queue {
namespace {

// A device without anything on disk may have so much in memory although the disk is full: with its link up it needs none.
constexpr std::uint64_t kDirectBytesMax = 64 * 1024;
// QoS 0 promises nothing, so it may fill only a part of the store.
constexpr std::uint64_t kQos0Share = 2;
constexpr base::Duration kHousekeeping = std::chrono::seconds{1};

}  // namespace

Custody::Inside::Inside(const Settings& settings, Disk& diskGiven, DiskRunner& runner, base::Timers& timers, metrics::Registry& registry)
    : disk{diskGiven},
      core{settings, timers, registry},
      files{std::make_shared<SegmentFiles>(diskGiven)},
      journal{core, runner, files, [this] { afterBatch(); }},
      cleaner{core, journal, runner, files, [this] { spaceFreed(); }},
      readBack{core, runner, files},
      deadlines{core, [this](DeviceQueue& queue, Sequence sequence) { commitThrough(queue, sequence); }},
      deadLetters{core, diskGiven, runner, files},
      copies{core, runner, files},
      housekeeper{timers} {
  core.metrics.limitBytes.set(static_cast<double>(core.settings.bytesMax));
  registry.beforeScrape([this] { refreshGauges(); });
}

Custody::Custody(const Settings& settings, Disk& disk, DiskRunner& runner, base::Timers& timers, metrics::Registry& metrics)
    : inside_{std::make_unique<Inside>(settings, disk, runner, timers, metrics)} {}

Custody::~Custody() = default;

void Custody::open(CustodyUser& user) {
  Core& core = inside_->core;
  core.notices.open(user);
  core.opened = true;
  const base::MonoTime began = core.timers.now();
  const auto found = recover(core, inside_->disk);
  if (!found) return core.close("cannot read the store: " + found.error().message());
  // What is lost was accepted once, and is among the dropped.
  core.metrics.recovered.add(found->messages + found->lost);
  core.metrics.tornBytes.add(found->tornBytes);
  if (found->segments > 0) {
    base::logInfo("store recovered", {{"segments", found->segments},
                                      {"messages", found->messages},
                                      {"lost_messages", found->lost},
                                      {"damaged_bytes", found->damagedBytes},
                                      {"torn_bytes", found->tornBytes},
                                      {"seconds", std::chrono::duration<double>(core.timers.now() - began).count()}});
  }
  inside_->cleaner.run();
  inside_->housekeeper.after(kHousekeeping, [this] { inside_->housekeeping(); });
}

DeviceKey Custody::device(std::string_view id) { return inside_->core.device(id).key; }

std::optional<DeviceKey> Custody::find(std::string_view id) const { return inside_->core.find(id); }

std::string_view Custody::id(DeviceKey device) const { return inside_->core.at(device).id; }

std::size_t Custody::deviceCount() const { return inside_->core.devices.size(); }

Accepted Custody::accept(DeviceKey device, base::ByteView body, Urgency urgency, bool qos0) {
  Core& core = inside_->core;
  if (core.closed) return {.acceptance = Acceptance::closed};
  DeviceQueue& queue = core.at(device);
  SPHEREGATE_CHECK(body.size() + kMessageBytes <= kRecordBytesMax);
  const bool memoryIsFull = core.memoryBytes + body.size() > 2 * core.settings.memoryBytesMax;
  const bool diskIsFull = inside_->tight(queue, body.size() + kMessageBytes + kReleaseBytes, urgency, qos0);
  if (memoryIsFull || diskIsFull) return inside_->noRoom(queue, diskIsFull, qos0);

  core.accept(queue, body);
  const Sequence sequence = queue.end() - 1;
  if (urgency == Urgency::now || core.settings.commitAfter.count() == 0) {
    inside_->commitThrough(queue, sequence);
  } else {
    inside_->deadlines.add(queue, sequence);
  }
  if (core.memoryBytes > core.settings.memoryBytesMax) inside_->deadlines.allNow();
  return {.acceptance = Acceptance::taken, .sequence = sequence};
}

// What is taken must fit when it is written, with the device records that come along; so this asks for a little more than that.
bool Custody::Inside::tight(const DeviceQueue& queue, std::size_t storeBytes, Urgency urgency, bool qos0) const {
  const std::uint64_t kept = qos0 ? core.settings.bytesMax / kQos0Share : core.settings.segmentBytes / 4;
  const bool fewEnough = core.queuedMessages < core.settings.bytesMax / kStoreBytesPerMessage;
  if (fewEnough && core.roomFor(core.unwrittenBytes + storeBytes + kept)) return false;
  return urgency == Urgency::now || queue.storedLive > 0 || queue.bytes + storeBytes > kDirectBytesMax;
}

Accepted Custody::Inside::noRoom(DeviceQueue& queue, bool diskIsFull, bool qos0) {
  if (qos0 || (diskIsFull && core.settings.whenFull == WhenFull::dropNewest)) {
    core.turnAway(queue);
    dropped.insert(queue.key);
    return {.acceptance = Acceptance::dropped};
  }
  full = true;
  deadlines.allNow();
  if (diskIsFull && core.settings.whenFull == WhenFull::dropOldest) cleaner.evict();
  return {.acceptance = Acceptance::full};
}

void Custody::Inside::commitThrough(DeviceQueue& queue, Sequence sequence) {
  queue.commitThrough = std::max(queue.commitThrough, sequence);
  if (queue.unwritten <= queue.commitThrough) journal.want(queue);
}

void Custody::commitNow(DeviceKey device) {
  DeviceQueue& queue = inside_->core.at(device);
  inside_->commitThrough(queue, queue.end() - 1);
}

std::optional<Outgoing> Custody::next(DeviceKey device, std::size_t window) {
  Core& core = inside_->core;
  DeviceQueue& queue = core.at(device);
  while (queue.offered < window && queue.cursor < queue.end()) {
    Entry& entry = queue.at(queue.cursor);
    if (entry.fate != Fate::none) {
      ++queue.cursor;
      continue;
    }
    if (entry.where == Where::stored && core.expired(entry)) {
      core.leave(queue, queue.cursor, Fate::expired);
      continue;
    }
    if (!entry.body) {
      inside_->readBack.need(queue);
      break;
    }
    const Sequence sequence = queue.cursor++;
    entry.offered = true;
    ++queue.offered;
    base::ByteView body = entry.view();
    if (entry.where == Where::stored) {
      core.memoryBytes -= entry.memoryBytes();
      inside_->lent = std::move(entry.body);
      inside_->readBack.ahead(queue);
    }
    // What was found at the start may have been on its way when the process ended, but no more than a window of it.
    const bool resent = entry.resent || (sequence <= queue.recovered && sequence <= window);
    return Outgoing{.sequence = sequence, .body = body, .resent = resent};
  }
  queue.waiting = true;
  return std::nullopt;
}

void Custody::rewind(DeviceKey device) {
  DeviceQueue& queue = inside_->core.at(device);
  for (Sequence sequence = queue.first; sequence < queue.cursor; ++sequence) {
    Entry& entry = queue.at(sequence);
    if (!entry.offered || entry.fate != Fate::none) continue;
    entry.offered = false;
    entry.resent = true;
    --queue.offered;
  }
  inside_->readBack.rewind(queue);
  queue.cursor = queue.first;
}

void Custody::delivered(DeviceKey device, Sequence sequence) {
  DeviceQueue& queue = inside_->core.at(device);
  if (!queue.holds(sequence)) return;
  inside_->core.leave(queue, sequence, Fate::delivered);
  inside_->deadlines.forget();
  if (inside_->full) inside_->offerRoom();
}

bool Custody::hasBacklog(DeviceKey device) const { return inside_->core.at(device).queued > 0; }

bool Custody::holds(DeviceKey device, Sequence sequence) const {
  const DeviceQueue& queue = inside_->core.at(device);
  return queue.holds(sequence) && !queue.at(sequence).done;
}

Sequence Custody::newest(DeviceKey device) const { return inside_->core.at(device).end() - 1; }

std::vector<DeviceKey> Custody::devicesWithBacklog() const {
  std::vector<DeviceKey> found;
  for (const auto& queue : inside_->core.devices) {
    if (queue->queued > 0) found.push_back(queue->key);
  }
  return found;
}

void Custody::setMessageTtl(std::chrono::milliseconds ttl) { inside_->core.messageTtl = ttl; }

bool Custody::isOpen() const { return inside_->core.opened && !inside_->core.closed; }

std::string_view Custody::closedReason() const { return inside_->core.closedReason; }

void Custody::flush(std::function<void()> done) {
  Core& core = inside_->core;
  inside_->flushed = std::move(done);
  inside_->deadlines.allNow();
  for (const auto& queue : core.devices) {
    inside_->commitThrough(*queue, queue->end() - 1);
    if (!queue->booksChanged) continue;
    queue->snapshotDue = true;
    inside_->journal.want(*queue);
  }
  inside_->housekeeper.after({}, [this] { inside_->afterBatch(); });
}

void Custody::Inside::afterBatch() {
  cleaner.run();
  if (!journal.writing()) deadLetters.afterBatch();
  offerRoom();
  if (!flushed || !journal.idle()) return;
  // Never from inside a call to Custody, and this may be one.
  housekeeper.after({}, [done = std::exchange(flushed, nullptr)] { done(); });
}

void Custody::Inside::spaceFreed() {
  if (journal.starved()) journal.retry();
  offerRoom();
}

void Custody::Inside::offerRoom() {
  if (!full || core.closed) return;
  if (core.memoryBytes > core.settings.memoryBytesMax) return;
  const bool fewEnough = core.queuedMessages < core.settings.bytesMax / kStoreBytesPerMessage / 64 * 63;
  if (fewEnough && core.roomFor(core.unwrittenBytes + core.settings.segmentBytes / 2)) {
    full = false;
    core.notices.roomAgain();
  } else if (core.settings.whenFull == WhenFull::dropOldest) {
    cleaner.evict();
  }
}

void Custody::Inside::housekeeping() {
  // What was dropped is in no record of its own, and is to be in the books also after a crash.
  for (const DeviceKey key : std::exchange(dropped, {})) {
    core.at(key).snapshotDue = true;
    journal.want(core.at(key));
  }
  if (core.messageTtl.count() > 0) {
    for (const auto& queue : core.devices) expire(*queue);
  }
  cleaner.run();
  if (core.closed) deadLetters.giveUp();
  spaceFreed();
  housekeeper.after(kHousekeeping, [this] { housekeeping(); });
}

// The oldest are in front, so the first that is young enough ends the search.
void Custody::Inside::expire(DeviceQueue& queue) {
  for (Sequence sequence = queue.cursor; sequence < queue.end(); ++sequence) {
    const Entry& entry = queue.at(sequence);
    if (entry.fate != Fate::none) continue;
    if (entry.where != Where::stored || entry.offered || !core.expired(entry)) return;
    core.leave(queue, sequence, Fate::expired);
  }
}

void Custody::Inside::refreshGauges() {
  core.metrics.messages.set(static_cast<double>(core.queuedMessages));
  core.metrics.bytes.set(static_cast<double>(core.queuedBytes));
  core.metrics.diskBytes.set(static_cast<double>(core.segments.usedBytes()));
  core.metrics.memoryBytes.set(static_cast<double>(core.memoryBytes));
  core.metrics.roomBytes.set(static_cast<double>(core.room()));
  core.metrics.open.set(core.opened && !core.closed ? 1 : 0);
  core.metrics.oldestAgeSeconds.set(core.oldestAgeSeconds().value_or(0));
}

}  // namespace spheregate::queue
