#include "findings.hpp"

#include <algorithm>
#include <utility>

namespace spheregate::queue {

void FindingsOfLives::note(const Record& record, const Findings::Place& place) {
  switch (record.type) {
    case RecordType::device: return noteDevice(of(place.life, record.device.number), record.device, place.segment);
    case RecordType::release: return noteRelease(of(place.life, record.release.device), record.release, place.segment);
    case RecordType::message: break;
  }
  Findings& findings = of(place.life, record.message.device);
  findings.nextOrdinal = std::max(findings.nextOrdinal, record.message.ordinal + 1);
  findings.messages.push_back({.ordinal = record.message.ordinal,
                               .acceptedMs = record.message.acceptedMs,
                               .place = place,
                               .order = messagesRead_++,
                               .size = static_cast<std::uint32_t>(record.message.body.size())});
}

void FindingsOfLives::noteDevice(Findings& findings, const DeviceRecord& record, std::uint32_t segment) {
  if (findings.id.empty()) {
    findings.id = record.id;
    ++firstOf_.emplace(findings.id, &findings).first->second->livesLeft;
  }
  findings.nextOrdinal = std::max(findings.nextOrdinal, record.nextOrdinal);
  findings.storedFinished = record.storedFinished;
  findings.books = {.accepted = 0,
                    .delivered = record.delivered,
                    .expired = record.expired,
                    .dropped = record.dropped,
                    .deadLettered = record.deadLettered};
  findings.snapshotSegment = segment;
}

void FindingsOfLives::noteRelease(Findings& findings, const ReleaseRecord& record, std::uint32_t segment) {
  findings.releases.push_back({record.firstOrdinal, record.count, segment});
  findings.storedFinished += record.fate == Fate::none ? 0 : record.count;
  switch (record.fate) {
    case Fate::none: break;
    case Fate::delivered: findings.books.delivered += record.count; break;
    case Fate::expired: findings.books.expired += record.count; break;
    case Fate::dropped: findings.books.dropped += record.count; break;
    case Fate::deadLettered: findings.books.deadLettered += record.count; break;
  }
}

Findings& FindingsOfLives::of(std::uint64_t life, std::uint32_t number) {
  auto& findings = lives_[life][number];
  if (!findings) {
    findings = std::make_unique<Findings>();
    order_.push_back(findings.get());
  }
  return *findings;
}

std::vector<Findings::Speaking> Findings::judge() {
  const auto before = [](const Found& a, const Found& b) { return std::pair{a.ordinal, a.order} < std::pair{b.ordinal, b.order}; };
  if (!std::is_sorted(messages.begin(), messages.end(), before)) std::sort(messages.begin(), messages.end(), before);
  std::vector<Speaking> speaking;
  for (const Range& range : releases) {
    auto at = std::lower_bound(messages.begin(), messages.end(), range.first,
                               [](const Found& found, std::uint64_t ordinal) { return found.ordinal < ordinal; });
    for (; at != messages.end() && at->ordinal - range.first < range.count; ++at) {
      at->gone = true;
      if (at->place.segment != range.segment) speaking.push_back({range.segment, at->place.segment});
    }
  }
  for (std::size_t index = 0; index + 1 < messages.size(); ++index) {
    Found& found = messages[index];
    const Found& next = messages[index + 1];
    if (found.gone || next.ordinal != found.ordinal) continue;
    // An older copy; as long as it is there, the newer one must be too.
    found.gone = true;
    if (next.place.segment != found.place.segment) speaking.push_back({next.place.segment, found.place.segment});
  }
  return speaking;
}

}  // namespace spheregate::queue
