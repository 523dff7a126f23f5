#include "segment_reader.hpp"

namespace spheregate::queue {
namespace {

// Bytes that look like the beginning of a record, and are none, cost the search a CRC. Devices cannot make such bytes, so this many
// times the segment's size, and a little more for small ones, is never needed; beyond it the search gives up.
constexpr std::size_t kSearchEffort = 64;
constexpr std::size_t kSearchBytesMin = 64u << 20;

}  // namespace

SegmentReader::SegmentReader(base::ByteView bytes, std::uint32_t number)
    : bytes_{bytes}, header_{readSegmentHeader(bytes)}, searchBudget_{bytes.size() * kSearchEffort + kSearchBytesMin} {
  if (header_ && header_->number != number) header_.reset();
}

SegmentReader::Step SegmentReader::next() {
  offset_ = position_;
  if (position_ == bytes_.size()) return Step::end;
  record_ = readRecord(bytes_.subspan(position_), header_->salt);
  if (record_) {
    position_ += record_->size;
    return Step::record;
  }
  const std::size_t found = findNext(position_ + 1);
  skipped_ = found - position_;
  position_ = found;
  return found == bytes_.size() ? Step::tail : Step::damaged;
}

std::size_t SegmentReader::findNext(std::size_t from) {
  for (std::size_t at = from; at + kRecordHeaderBytes <= bytes_.size(); ++at) {
    const auto size = recordSize(bytes_.subspan(at), header_->salt);
    if (!size || at + *size > bytes_.size()) continue;
    if (*size > searchBudget_) break;
    searchBudget_ -= *size;
    if (readRecord(bytes_.subspan(at), header_->salt)) return at;
  }
  return bytes_.size();
}

}  // namespace spheregate::queue
