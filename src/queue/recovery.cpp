#include "recovery.hpp"

#include <algorithm>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "segment_reader.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::queue {
namespace {

// A message record somewhere in the store; of several with one ordinal the last one counts.
struct Found {
  std::uint64_t ordinal;
  std::uint32_t order;  // of the record among all messages read
  std::uint32_t segment;
  std::uint32_t offset;
  std::uint32_t size;
  std::uint64_t acceptedMs;
};

struct Range {
  std::uint64_t first;
  std::uint64_t count;
  std::uint32_t segment;
};

struct Findings {
  std::vector<Found> messages;
  std::vector<Range> releases;
};

class Recovery {
 public:
  Recovery(Core& core, Disk& disk) : core_{core}, disk_{disk} {}
  base::Result<Recovered> run();

 private:
  void readSegment(std::uint32_t number, std::uint64_t bytes);
  void walk(SegmentReader& reader, Segment& segment);
  void note(const Record& record, Segment& segment, std::size_t offset);
  void setAside(std::uint32_t number, std::uint64_t bytes, const char* why);
  void rebuild(DeviceQueue& queue, Findings& findings);
  Findings& findingsOf(DeviceKey key);
  void countLoss(DeviceQueue& queue, std::uint64_t live);

  Core& core_;
  Disk& disk_;
  Recovered result_;
  std::vector<Findings> findings_;                             // by device key
  std::unordered_map<std::uint32_t, DeviceKey> named_;         // of the segment being read
  std::vector<std::uint32_t> torn_;                            // segments with a tail that is no record
  std::uint32_t order_ = 0;
};

base::Result<Recovered> Recovery::run() {
  const auto files = disk_.list();
  if (!files) return files.error();
  std::vector<std::pair<std::uint32_t, std::uint64_t>> segments;
  for (const DiskEntry& file : *files) {
    if (const std::uint32_t number = segmentNumber(file.name)) segments.emplace_back(number, file.bytes);
  }
  std::sort(segments.begin(), segments.end());
  for (const auto& [number, bytes] : segments) readSegment(number, bytes);
  findings_.resize(core_.devices.size());
  for (const auto& queue : core_.devices) rebuild(*queue, findings_[static_cast<std::size_t>(queue->key)]);
  // A tail is what a crash leaves; but when something is missing it may have been more than that.
  if (result_.lost > 0) {
    for (const std::uint32_t number : torn_) core_.segments.find(number)->suspect = true;
  }
  for (const char* subdirectory : {"quarantine", "dead-letters"}) {
    const auto aside = disk_.list(subdirectory);
    if (!aside) return aside.error();
    for (const DiskEntry& file : *aside) core_.segments.addAside(file.bytes);
  }
  return result_;
}

void Recovery::readSegment(std::uint32_t number, std::uint64_t bytes) {
  core_.segments.reserveNumber(number);
  auto file = disk_.open(segmentName(number));
  auto content = file ? (*file)->read(0, bytes) : base::Result<base::Bytes>{file.error()};
  if (!content) return setAside(number, bytes, content.error().message().c_str());
  SegmentReader reader{*content, number};
  // Created, and then the power failed.
  if (!reader.sound() && content->size() <= kSegmentHeaderBytes) {
    (void)disk_.remove(segmentName(number));
    return;
  }
  if (!reader.sound()) return setAside(number, bytes, "its header is damaged");
  ++result_.segments;
  walk(reader, core_.segments.found(number, reader.salt(), content->size()));
}

void Recovery::setAside(std::uint32_t number, std::uint64_t bytes, const char* why) {
  base::logError("segment set aside", {{"segment", segmentName(number)}, {"bytes", bytes}, {"reason", why}});
  result_.damagedBytes += bytes;
  (void)disk_.setAside(segmentName(number), "quarantine");
}

void Recovery::walk(SegmentReader& reader, Segment& segment) {
  named_.clear();
  for (auto step = reader.next(); step != SegmentReader::Step::end; step = reader.next()) {
    switch (step) {
      case SegmentReader::Step::record: note(reader.record(), segment, reader.offset()); break;
      case SegmentReader::Step::tail:
        torn_.push_back(segment.number);
        result_.tornBytes += reader.skipped();
        break;
      case SegmentReader::Step::damaged:
        segment.suspect = true;
        result_.damagedBytes += reader.skipped();
        base::logError("store damaged", {{"segment", segmentName(segment.number)},
                                         {"offset", reader.offset()},
                                         {"bytes", reader.skipped()},
                                         {"consequence", "the rest is delivered; the segment is kept in quarantine/ afterwards"}});
        break;
      case SegmentReader::Step::end: break;
    }
  }
}

void Recovery::note(const Record& record, Segment& segment, std::size_t offset) {
  if (record.type == RecordType::device) {
    DeviceQueue& queue = core_.device(record.device.id);
    named_[record.device.number] = queue.key;
    queue.nextOrdinal = std::max(queue.nextOrdinal, record.device.nextOrdinal);
    queue.storedFinished = record.device.storedFinished;
    queue.ledger = {.accepted = 0,
                    .delivered = record.device.delivered,
                    .expired = record.device.expired,
                    .dropped = record.device.dropped,
                    .deadLettered = record.device.deadLettered};
    if (Segment* before = core_.segments.find(queue.snapshotSegment)) --before->snapshots;
    queue.snapshotSegment = segment.number;
    ++segment.snapshots;
    return;
  }
  const bool message = record.type == RecordType::message;
  const auto name = named_.find(message ? record.message.device : record.release.device);
  if (name == named_.end()) return;  // its device record was in a damaged place
  DeviceQueue& queue = core_.at(name->second);
  Findings& findings = findingsOf(name->second);
  if (message) {
    queue.nextOrdinal = std::max(queue.nextOrdinal, record.message.ordinal + 1);
    findings.messages.push_back({record.message.ordinal, order_++, segment.number, static_cast<std::uint32_t>(offset),
                                 static_cast<std::uint32_t>(record.message.body.size()), record.message.acceptedMs});
    return;
  }
  const std::uint64_t count = record.release.count;
  findings.releases.push_back({record.release.firstOrdinal, count, segment.number});
  queue.storedFinished += record.release.fate == Fate::none ? 0 : count;
  switch (record.release.fate) {
    case Fate::none: break;
    case Fate::delivered: queue.ledger.delivered += count; break;
    case Fate::expired: queue.ledger.expired += count; break;
    case Fate::dropped: queue.ledger.dropped += count; break;
    case Fate::deadLettered: queue.ledger.deadLettered += count; break;
  }
}

Findings& Recovery::findingsOf(DeviceKey key) {
  const auto index = static_cast<std::size_t>(key);
  if (index >= findings_.size()) findings_.resize(index + 1);
  return findings_[index];
}

void Recovery::rebuild(DeviceQueue& queue, Findings& findings) {
  std::vector<Found>& messages = findings.messages;
  const auto before = [](const Found& a, const Found& b) { return std::pair{a.ordinal, a.order} < std::pair{b.ordinal, b.order}; };
  if (!std::is_sorted(messages.begin(), messages.end(), before)) std::sort(messages.begin(), messages.end(), before);
  std::vector<bool> gone(messages.size(), false);
  for (const Range& range : findings.releases) {
    auto at = std::lower_bound(messages.begin(), messages.end(), range.first, [](const Found& found, std::uint64_t ordinal) { return found.ordinal < ordinal; });
    for (; at != messages.end() && at->ordinal - range.first < range.count; ++at) {
      gone[static_cast<std::size_t>(at - messages.begin())] = true;
      if (at->segment != range.segment) core_.segments.find(range.segment)->speaksFor.insert(at->segment);
    }
  }
  std::uint64_t live = 0;
  for (std::size_t index = 0; index < messages.size(); ++index) {
    const Found& found = messages[index];
    if (gone[index]) continue;
    if (index + 1 < messages.size() && messages[index + 1].ordinal == found.ordinal) {
      // An older copy; as long as it is there, the newer one must be too.
      core_.segments.find(messages[index + 1].segment)->speaksFor.insert(found.segment);
      continue;
    }
    ++live;
    Entry entry;
    entry.ordinal = found.ordinal;
    entry.segment = found.segment;
    entry.offset = found.offset;
    entry.size = found.size;
    entry.acceptedTenths = core_.tenthsOf(found.acceptedMs);
    entry.where = Where::stored;
    core_.recovered(queue, std::move(entry));
  }
  findings = {};
  countLoss(queue, live);
}

// Ordinals have no gaps, so what was stored, has not left and is not there was lost to damage.
void Recovery::countLoss(DeviceQueue& queue, std::uint64_t live) {
  const std::uint64_t expected = queue.nextOrdinal - 1 - std::min(queue.nextOrdinal - 1, queue.storedFinished);
  if (expected > live) {
    const std::uint64_t lost = expected - live;
    result_.lost += lost;
    queue.ledger.dropped += lost;
    queue.booksChanged = true;
    core_.metrics.dropped(DropReason::damaged).add(lost);
    base::logError("stored messages lost", {{"device", queue.id}, {"messages", lost}, {"reason", "damage of the store"}});
  }
  queue.storedFinished = queue.nextOrdinal - 1 - live;
  Ledger& ledger = queue.ledger;
  ledger.accepted = ledger.delivered + ledger.expired + ledger.dropped + ledger.deadLettered + live;
  core_.totals.accepted += ledger.accepted;
  core_.totals.delivered += ledger.delivered;
  core_.totals.expired += ledger.expired;
  core_.totals.dropped += ledger.dropped;
  core_.totals.deadLettered += ledger.deadLettered;
  result_.messages += live;
}

}  // namespace

base::Result<Recovered> recover(Core& core, Disk& disk) { return Recovery{core, disk}.run(); }

}  // namespace spheregate::queue
