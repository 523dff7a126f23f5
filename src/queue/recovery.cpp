#include "recovery.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "findings.hpp"
#include "letter_file.hpp"
#include "segment_reader.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/queue/format.hpp"

namespace spheregate::queue {
namespace {

// No segment is larger, whatever the settings were when it was written; a file that is was put there by somebody else.
constexpr std::uint64_t kSegmentBytesSane = 256u << 20;
constexpr std::size_t kSectorBytes = 4096;

class Recovery {
 public:
  Recovery(Core& core, Disk& disk) : core_{core}, disk_{disk} {}
  base::Result<Recovered> run();

 private:
  base::Result<void> readSegment(const DiskEntry& file, std::uint32_t number);
  void walk(SegmentReader& reader, Segment& segment);
  void setAside(const DiskEntry& file, const char* why);
  void rebuild(DeviceQueue& queue, Findings& findings);
  void countLoss(DeviceQueue& queue, std::uint64_t live);
  void countOrphans();
  void countAside();

  Core& core_;
  Disk& disk_;
  Recovered result_;
  FindingsOfLives findings_;
  std::vector<std::uint32_t> torn_;  // segments with a tail that is no record
};

base::Result<Recovered> Recovery::run() {
  const auto files = disk_.list();
  if (!files) return files.error();
  std::vector<std::pair<std::uint32_t, DiskEntry>> segments;
  for (const DiskEntry& file : *files) {
    if (const std::uint32_t number = segmentNumber(file.name)) segments.emplace_back(number, file);
  }
  std::sort(segments.begin(), segments.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const auto& [number, file] : segments) {
    if (const auto read = readSegment(file, number); !read) return read.error();
  }
  for (Findings* findings : findings_.inOrder()) {
    if (!findings->id.empty()) rebuild(core_.device(findings->id), *findings);
  }
  for (const auto& queue : core_.devices) countLoss(*queue, queue->queued);
  countOrphans();
  // A tail is what a crash leaves; but when something is missing it may have been more than that.
  if (result_.lost > 0) {
    for (const std::uint32_t number : torn_) core_.segments.find(number)->suspect = true;
  }
  countAside();
  return result_;
}

// All of the file, with zeros for the sectors that the disk does not give.
base::Result<base::Bytes> readAround(DiskFile& file, std::uint64_t bytes) {
  auto whole = file.read(0, bytes);
  if (whole || whole.error() != boost::system::errc::io_error) return whole;
  base::Bytes content(bytes);
  for (std::uint64_t at = 0; at < bytes; at += kSectorBytes) {
    const auto piece = file.read(at, kSectorBytes);
    if (piece) std::copy(piece->begin(), piece->end(), content.begin() + static_cast<std::ptrdiff_t>(at));
  }
  return content;
}

base::Result<void> Recovery::readSegment(const DiskEntry& file, std::uint32_t number) {
  if (!file.regular) {
    core_.segments.reserveNumber(number);
    base::logWarn("not a file in the store", {{"name", file.name}, {"consequence", "it is left alone"}});
    return {};
  }
  if (file.bytes > kSegmentBytesSane) {
    setAside(file, "it is larger than any segment");
    return {};
  }
  auto opened = disk_.open(file.name);
  if (!opened) return opened.error();
  // The process that wrote it may have died between a write and its sync. Nothing is believed that the next power failure takes away.
  if (const auto settled = (*opened)->settle(); !settled) return settled.error();
  auto content = readAround(**opened, file.bytes);
  if (!content) return content.error();
  SegmentReader reader{*content, number};
  if (!reader.sound()) {
    // The daemon does not get here with one; whoever does must not take it for damage.
    if (segmentVersion(*content).value_or(0) > kFormatVersion) return boost::system::errc::make_error_code(boost::system::errc::not_supported);
    // A header alone that is torn: created, and then the power failed.
    if (content->size() <= kSegmentHeaderBytes) return disk_.remove(file.name);
    setAside(file, "its header is damaged");
    return {};
  }
  ++result_.segments;
  walk(reader, core_.segments.found(number, reader.salt(), content->size()));
  return {};
}

void Recovery::setAside(const DiskEntry& file, const char* why) {
  const auto moved = disk_.setAside(file.name, "quarantine");
  base::logError("segment set aside", {{"segment", file.name},
                                       {"bytes", file.bytes},
                                       {"reason", why},
                                       {"result", moved ? std::string{"moved to quarantine/"} : "left in place: " + moved.error().message()}});
  result_.damagedBytes += file.bytes;
  // Its name is taken only if it could not be moved, and then it is no number of ours that comes next.
  if (!moved && segmentNumber(file.name) < kSegmentNumberMax) core_.segments.reserveNumber(segmentNumber(file.name));
}

void Recovery::walk(SegmentReader& reader, Segment& segment) {
  Findings::Place place{.life = reader.life(), .segment = segment.number, .offset = 0};
  for (auto step = reader.next(); step != SegmentReader::Step::end; step = reader.next()) {
    switch (step) {
      case SegmentReader::Step::record:
        place.offset = static_cast<std::uint32_t>(reader.offset());
        if (reader.record().type != RecordType::message) segment.bookBytes += reader.record().size;
        findings_.note(reader.record(), place);
        break;
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

// A device has findings of several lives; the newest device record has its books, and its messages come from all.
void Recovery::rebuild(DeviceQueue& queue, Findings& findings) {
  queue.nextOrdinal = std::max(queue.nextOrdinal, findings.nextOrdinal);
  if (findings.snapshotSegment >= queue.snapshotSegment) {
    if (Segment* before = core_.segments.find(queue.snapshotSegment)) --before->snapshots;
    ++core_.segments.find(findings.snapshotSegment)->snapshots;
    queue.snapshotSegment = findings.snapshotSegment;
    queue.storedFinished = findings.storedFinished;
    queue.ledger = findings.books;
  }
  Findings& all = findings_.ofDevice(findings.id);
  if (&all != &findings) {
    all.messages.insert(all.messages.end(), findings.messages.begin(), findings.messages.end());
    all.releases.insert(all.releases.end(), findings.releases.begin(), findings.releases.end());
    findings.messages = {};
    findings.releases = {};
  }
  if (--all.livesLeft > 0) return;
  for (const Findings::Speaking& speaking : all.judge()) core_.segments.find(speaking.who)->speaksFor.insert(speaking.forWhom);
  for (const Findings::Found& found : all.messages) {
    if (found.gone) continue;
    Entry entry;
    entry.ordinal = found.ordinal;
    entry.segment = found.place.segment;
    entry.offset = found.place.offset;
    entry.size = found.size;
    entry.acceptedTenths = core_.tenthsOf(found.acceptedMs);
    entry.where = Where::stored;
    core_.recovered(queue, std::move(entry));
  }
  all.messages = {};
  all.releases = {};
}

// Ordinals have no gaps, so what was stored, has not left and is not there was lost to damage.
void Recovery::countLoss(DeviceQueue& queue, std::uint64_t live) {
  const std::uint64_t expected = queue.nextOrdinal - 1 - std::min(queue.nextOrdinal - 1, queue.storedFinished);
  if (expected > live) {
    const std::uint64_t lost = expected - live;
    result_.lost += lost;
    result_.lostOf[queue.key] = lost;
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

// Messages of a device whose every device record is damaged: nobody can say whose they are, but a person may want to look.
void Recovery::countOrphans() {
  std::uint64_t orphans = 0;
  for (Findings* findings : findings_.inOrder()) {
    if (!findings->id.empty()) continue;
    (void)findings->judge();
    for (const Findings::Found& found : findings->messages) {
      if (found.gone) continue;
      ++orphans;
      core_.segments.find(found.place.segment)->suspect = true;
      core_.segments.find(found.place.segment)->orphans = true;
    }
  }
  if (orphans == 0) return;
  result_.lost += orphans;
  result_.orphans = orphans;
  core_.metrics.dropped(DropReason::damaged).add(orphans);
  base::logError("stored messages without a device", {{"messages", orphans},
                                                      {"reason", "damage of the store"},
                                                      {"consequence", "they are not delivered; their segments are kept in quarantine/"}});
}

void Recovery::countAside() {
  for (const std::string subdirectory : {"quarantine", kLetterFolder}) {
    const auto aside = disk_.list(subdirectory);
    if (!aside) {
      base::logWarn("part of the store not readable", {{"name", subdirectory}, {"reason", aside.error().message()}});
      continue;
    }
    for (const DiskEntry& file : *aside) {
      // A larger file is a sparse one, and not ours.
      if (file.bytes > kSegmentBytesSane) continue;
      core_.segments.addAside(file.bytes);
      if (subdirectory == kLetterFolder && file.regular && file.name.starts_with("letter-")) core_.letters.emplace(file.name, file.bytes);
    }
  }
}

}  // namespace

base::Result<Recovered> recover(Core& core, Disk& disk) { return Recovery{core, disk}.run(); }

}  // namespace spheregate::queue
