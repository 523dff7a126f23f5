#include "cleaner.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>
#include <vector>

#include "segment_reader.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::queue {
namespace {

// Quarantine and dead letters may take this part of the store.
constexpr std::uint64_t kAsideShare = 4;

}  // namespace

Cleaner::Cleaner(Core& core, Journal& journal, DiskRunner& runner, std::shared_ptr<SegmentFiles> files, std::function<void()> freed)
    : core_{core}, journal_{journal}, runner_{runner}, files_{std::move(files)}, freed_{std::move(freed)} {}

void Cleaner::run() {
  if (core_.closed) return;
  const Segment* active = core_.segments.active();
  for (auto& entry : core_.segments.all()) {
    Segment& segment = entry.second;
    if (&segment == active || segment.removing || segment.needed()) continue;
    if (segment.snapshots == 0) {
      remove(segment);
    } else if (active != nullptr && !segment.carrying) {
      carryBooks(segment);
    }
  }
  returnSpaceWhenEmpty();
  if (reading_ || journal_.rescuing()) return;
  if (Segment* segment = mostlyDead()) read(segment->number, false);
}

void Cleaner::remove(Segment& segment) {
  segment.removing = true;
  const bool fits = core_.segments.asideBytes() + segment.bytes <= core_.settings.bytesMax / kAsideShare;
  const bool keep = segment.orphans || (segment.suspect && fits);
  auto failure = std::make_shared<boost::system::error_code>();
  runner_.submit(
      [files = files_, failure, number = segment.number, keep] {
        const auto gone = files->remove(number, keep);
        if (!gone) *failure = gone.error();
      },
      [this, alive = alive_, failure, number = segment.number, bytes = segment.bytes, keep] {
        if (!*alive) return;
        if (*failure) return core_.close("cannot remove a segment: " + failure->message());
        core_.segments.removed(number);
        if (keep) {
          core_.segments.addAside(bytes);
          core_.metrics.quarantinedBytes.add(bytes);
        }
        freed_();
      });
}

void Cleaner::carryBooks(Segment& segment) {
  segment.carrying = true;
  for (const auto& queue : core_.devices) {
    if (queue->snapshotSegment != segment.number) continue;
    queue->snapshotDue = true;
    journal_.want(*queue);
  }
}

// With nothing queued there is no reason to keep more than the books.
void Cleaner::returnSpaceWhenEmpty() {
  Segment* active = core_.segments.active();
  if (active == nullptr || core_.queuedMessages > 0 || active->needed() || active->carrying) return;
  if (active->bytes < core_.settings.segmentBytes / 4) return;
  journal_.roll();
  carryBooks(*active);
}

Segment* Cleaner::mostlyDead() {
  const std::uint64_t usable = core_.settings.bytesMax - std::min(core_.settings.bytesMax, core_.headroom());
  if (core_.segments.usedBytes() + core_.unwrittenBytes < usable / 4 * 3) return nullptr;
  const Segment* active = core_.segments.active();
  for (auto& entry : core_.segments.all()) {
    Segment& segment = entry.second;
    if (&segment == active || segment.removing || segment.rescued || !segment.needed()) continue;
    // Only what makes the store smaller by half of it is worth the writing.
    if ((segment.liveBytes + segment.bookBytes) * 2 <= segment.bytes) return &segment;
  }
  return nullptr;
}

void Cleaner::evict() {
  if (reading_ || core_.closed) return;
  for (const auto& entry : core_.segments.all()) {
    // Space is on its way.
    if (entry.second.removing || (entry.second.carrying && !entry.second.needed())) return;
  }
  const Segment* active = core_.segments.active();
  for (auto& entry : core_.segments.all()) {
    if (entry.second.live == 0) continue;
    if (&entry.second == active) journal_.roll();
    return read(entry.first, true);
  }
}

void Cleaner::read(std::uint32_t number, bool giveUp) {
  reading_ = true;
  auto bytes = std::make_shared<base::Result<base::Bytes>>(base::Bytes{});
  runner_.submit([files = files_, bytes, number, size = core_.segments.find(number)->bytes] { *bytes = files->read(number, 0, size); },
                 [this, alive = alive_, bytes, number, giveUp] {
                   if (!*alive) return;
                   reading_ = false;
                   if (*bytes) triage(number, **bytes, giveUp);
                 });
}

void Cleaner::triage(std::uint32_t number, base::ByteView bytes, bool giveUp) {
  SegmentReader reader{bytes, number};
  if (!reader.sound() || core_.closed) return;
  Rescue rescue{.segment = number, .messages = {}, .releases = {}};
  std::unordered_map<std::uint32_t, DeviceKey> devices;
  for (auto step = reader.next(); step != SegmentReader::Step::end; step = reader.next()) {
    if (step != SegmentReader::Step::record) continue;
    const Record& record = reader.record();
    if (record.type == RecordType::device) {
      devices[record.device.number] = core_.device(record.device.id).key;
      continue;
    }
    const auto device = devices.find(record.type == RecordType::message ? record.message.device : record.release.device);
    if (device == devices.end()) continue;
    if (record.type == RecordType::release) {
      if (!giveUp) rescue.releases.push_back({device->second, record.release.firstOrdinal, record.release.count});
      continue;
    }
    DeviceQueue& queue = core_.at(device->second);
    const auto sequence = queue.find(record.message.ordinal);
    if (!sequence) continue;
    const Entry& entry = queue.at(*sequence);
    if (entry.fate != Fate::none || entry.segment != number || entry.offset != reader.offset()) continue;
    if (giveUp) {
      if (!entry.offered) core_.leave(queue, *sequence, Fate::dropped, DropReason::queueFull);
      continue;
    }
    const base::ByteView body = record.message.body;
    rescue.messages.push_back(
        {device->second, record.message.ordinal, static_cast<std::uint32_t>(reader.offset()), record.message.acceptedMs, {body.begin(), body.end()}});
  }
  if (giveUp) return;
  // They are taken from the back.
  std::reverse(rescue.messages.begin(), rescue.messages.end());
  std::reverse(rescue.releases.begin(), rescue.releases.end());
  journal_.rescue(std::move(rescue));
}

}  // namespace spheregate::queue
