#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "record.hpp"
#include "spheregate/base/bytes.hpp"

namespace spheregate::queue {

// Walks through the bytes of one segment, whatever state they are in. Behind a damaged place it looks for the next sound record,
// so one flipped bit costs one record and not the rest of the segment.
class SegmentReader {
 public:
  enum class Step : std::uint8_t {
    record,   // `record()` was read
    damaged,  // the bytes from `offset()`, `skipped()` of them, are no records, and a sound record follows
    tail,     // the bytes from `offset()` to the end are no records: a torn write, or damage up to the end
    end,
  };

  // `bytes` must outlive the reader; `number` is the one in the file's name.
  SegmentReader(base::ByteView bytes, std::uint32_t number);

  // Nothing is read from a segment whose header is damaged or of another segment.
  bool sound() const { return header_.has_value(); }
  std::uint32_t salt() const { return header_->salt; }
  std::uint64_t life() const { return header_->life; }
  // Only while `sound()`.
  Step next();

  const Record& record() const { return *record_; }
  std::size_t offset() const { return offset_; }
  std::size_t skipped() const { return skipped_; }

 private:
  std::size_t findNext(std::size_t from);

  base::ByteView bytes_;
  std::optional<SegmentHeader> header_;
  std::optional<Record> record_;
  std::size_t position_ = kSegmentHeaderBytes;
  std::size_t offset_ = 0;
  std::size_t skipped_ = 0;
  std::size_t searchBudget_;  // bytes that the search may still put through the CRC
};

}  // namespace spheregate::queue
