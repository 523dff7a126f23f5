#include "core.hpp"

#include <algorithm>
#include <limits>
#include <random>
#include <utility>

#include "spheregate/base/check.hpp"

namespace spheregate::queue {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

// A clock that says less has not been set yet; the age of messages taken then is unknown. 2020-01-01.
constexpr std::uint64_t kPlausibleMs = 1'577'836'800'000;
constexpr std::uint64_t kSegmentsMin = 8;

Settings normalized(Settings settings) {
  settings.segmentBytes = std::min(settings.segmentBytes, settings.bytesMax / kSegmentsMin);
  return settings;
}

std::uint64_t randomNumber() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

std::uint64_t wallNowMs(const base::Timers& timers) {
  return static_cast<std::uint64_t>(duration_cast<milliseconds>(timers.clock().wall().time_since_epoch()).count());
}

}  // namespace

Core::Core(const Settings& given, base::Timers& timersGiven, metrics::Registry& registry)
    : settings{normalized(given)}, messageTtl{given.messageTtl}, timers{timersGiven}, metrics{registry}, notices{timersGiven}, life{randomNumber()}, began_{timersGiven.now()} {}

DeviceQueue& Core::device(std::string_view id) {
  SPHEREGATE_CHECK(!id.empty() && id.size() <= kDeviceIdBytesMax);
  const auto known = keys_.find(id);
  if (known != keys_.end()) return at(known->second);
  auto made = std::make_unique<DeviceQueue>();
  made->key = static_cast<DeviceKey>(devices.size());
  made->id = id;
  keys_.emplace(made->id, made->key);
  devices.push_back(std::move(made));
  return *devices.back();
}

std::optional<DeviceKey> Core::find(std::string_view id) const {
  const auto known = keys_.find(id);
  if (known == keys_.end()) return std::nullopt;
  return known->second;
}

Entry& Core::accept(DeviceQueue& queue, base::ByteView body) {
  Entry entry;
  entry.size = static_cast<std::uint32_t>(body.size());
  entry.acceptedTenths = tenthsNow();
  attachBody(entry, body);
  ++queue.ledger.accepted;
  ++totals.accepted;
  queue.bytes += entry.size;
  ++queue.queued;
  queuedBytes += entry.size;
  ++queuedMessages;
  unwrittenBytes += entry.storeBytes();
  return queue.entries.push(std::move(entry));
}

// One that the books do not know, because somebody put it there or they were lost, counts as accepted.
void Core::tookBack(DeviceQueue& queue) {
  metrics.retried.add();
  queue.snapshotDue = true;
  if (queue.ledger.deadLettered == 0) return;
  --queue.ledger.deadLettered;
  --queue.ledger.accepted;
  --totals.deadLettered;
  --totals.accepted;
}

void Core::turnAway(DeviceQueue& queue) {
  ++queue.ledger.accepted;
  ++totals.accepted;
  queue.booksChanged = true;
  count(queue, Fate::dropped, DropReason::queueFull);
}

void Core::leave(DeviceQueue& queue, Sequence sequence, Fate fate, DropReason reason) {
  Entry& entry = queue.at(sequence);
  if (entry.fate != Fate::none) return;
  entry.fate = fate;
  entry.dropReason = reason;
  switch (entry.where) {
    case Where::memory:
      unwrittenBytes -= entry.storeBytes();
      queue.booksChanged = true;
      complete(queue, entry);
      break;
    case Where::writing: break;  // the journal goes on with it when the batch is stored
    case Where::stored:
      if (closed) {
        complete(queue, entry);
      } else {
        queue.releases.push_back(sequence);
        wantWrite(queue);
      }
      break;
  }
  settle(queue);
}

void Core::complete(DeviceQueue& queue, Entry& entry) {
  SPHEREGATE_CHECK(!entry.done && entry.fate != Fate::none);
  entry.done = true;
  count(queue, entry.fate, entry.dropReason);
  if (entry.fate == Fate::deadLettered) metrics.deadLettered(entry.deadReason).add();
  queue.bytes -= entry.size;
  --queue.queued;
  queuedBytes -= entry.size;
  --queuedMessages;
  dropBody(entry);
  if (entry.offered) {
    --queue.offered;
    notices.ready(queue);
  }
  if (entry.where == Where::memory) return;
  --queue.storedLive;
  --storedLive;
  ++queue.storedFinished;
  segments.find(entry.segment)->forget(entry.recordBytes());
}

void Core::settle(DeviceQueue& queue) {
  while (!queue.entries.empty() && queue.entries.front().done) {
    queue.entries.pop();
    ++queue.first;
  }
  queue.cursor = std::max(queue.cursor, queue.first);
  queue.unwritten = std::max(queue.unwritten, queue.first);
  Sequence safe = std::max(queue.safe, queue.first - 1);
  while (safe + 1 < queue.end()) {
    const Entry& entry = queue.at(safe + 1);
    if (entry.where != Where::stored && entry.fate == Fate::none) break;
    ++safe;
  }
  queue.safe = safe;
  if (queue.safe > queue.told) notices.safe(queue);
}

void Core::recovered(DeviceQueue& queue, Entry entry) {
  queue.bytes += entry.size;
  ++queue.queued;
  queuedBytes += entry.size;
  ++queuedMessages;
  ++queue.storedLive;
  ++storedLive;
  segments.find(entry.segment)->hold(entry.recordBytes());
  queue.entries.push(std::move(entry));
  queue.unwritten = queue.end();
  queue.safe = queue.told = queue.recovered = queue.end() - 1;
}

void Core::attachBody(Entry& entry, base::ByteView body) {
  entry.body = std::make_unique_for_overwrite<std::uint8_t[]>(std::max<std::size_t>(body.size(), 1));
  std::copy(body.begin(), body.end(), entry.body.get());
  memoryBytes += entry.memoryBytes();
}

void Core::dropBody(Entry& entry) {
  if (!entry.body) return;
  entry.body.reset();
  memoryBytes -= entry.memoryBytes();
}

// What waits for the record of its release will not get one; a restart offers it again.
void Core::close(std::string_view why) {
  if (closed) return;
  closed = true;
  closedReason = why;
  for (const auto& queue : devices) {
    for (const Sequence sequence : queue->releases) complete(*queue, queue->at(sequence));
    queue->releases.clear();
    settle(*queue);
  }
  notices.storeClosed(closedReason);
}

std::int32_t Core::tenthsNow() const { return static_cast<std::int32_t>(duration_cast<milliseconds>(timers.now() - began_).count() / 100); }

std::uint64_t Core::wallMsOf(std::int32_t tenths) const {
  const std::int64_t age = (std::int64_t{tenthsNow()} - tenths) * 100;
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, static_cast<std::int64_t>(wallNowMs(timers)) - age));
}

std::int32_t Core::tenthsOf(std::uint64_t wallMs) const {
  const std::uint64_t now = wallNowMs(timers);
  // A time in the future, or from before the clock was set, says nothing about the age.
  if (wallMs >= now || wallMs < kPlausibleMs) return tenthsNow();
  const auto age = static_cast<std::int64_t>((now - wallMs) / 100);
  return static_cast<std::int32_t>(std::max<std::int64_t>(std::numeric_limits<std::int32_t>::min() / 2, tenthsNow() - age));
}

bool Core::expired(const Entry& entry) const {
  if (messageTtl.count() == 0) return false;
  return (std::int64_t{tenthsNow()} - entry.acceptedTenths) * 100 > messageTtl.count();
}

std::optional<double> Core::oldestAgeSeconds() const {
  const std::int32_t now = tenthsNow();
  std::optional<std::int32_t> oldest;
  for (const auto& queue : devices) {
    if (!queue->entries.empty()) oldest = std::min(oldest.value_or(now), queue->entries.front().acceptedTenths);
  }
  if (!oldest) return std::nullopt;
  return static_cast<double>(now - *oldest) / 10;
}

std::uint64_t Core::headroom() const {
  return 2 * settings.segmentBytes + storedLive * kReleaseBytes + devices.size() * (kDeviceBytes + kDeviceIdBytesMax);
}

void Core::count(DeviceQueue& queue, Fate fate, DropReason reason) {
  switch (fate) {
    case Fate::none: break;
    case Fate::delivered:
      ++queue.ledger.delivered;
      ++totals.delivered;
      metrics.delivered.add();
      break;
    case Fate::expired:
      ++queue.ledger.expired;
      ++totals.expired;
      metrics.expired.add();
      break;
    case Fate::dropped:
      ++queue.ledger.dropped;
      ++totals.dropped;
      metrics.dropped(reason).add();
      break;
    case Fate::deadLettered:
      ++queue.ledger.deadLettered;
      ++totals.deadLettered;
      break;
  }
}

}  // namespace spheregate::queue
