#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "spheregate/base/bytes.hpp"

namespace spheregate::queue {

// How a message leaves the books.
enum class Fate : std::uint8_t { none, delivered, expired, dropped, deadLettered };

// The bytes of a segment; FORMAT.md is the specification. All integers are little-endian.
struct SegmentHeader {
  std::uint32_t number = 0;
  std::uint64_t life = 0;  // random; the same in all segments of one life of the process, in which numbers of devices mean the same
  std::uint32_t salt = 0;  // random; the start of every record's CRC, so that no device can send bytes that pass for a record
};
inline constexpr std::size_t kSegmentHeaderBytes = 32;
inline constexpr std::size_t kRecordHeaderBytes = 10;  // CRC, length, type, mark
inline constexpr std::size_t kMessageBytes = kRecordHeaderBytes + 20;
inline constexpr std::size_t kReleaseBytes = kRecordHeaderBytes + 17;
inline constexpr std::size_t kDeviceIdBytesMax = 128;
inline constexpr std::size_t kDeviceBytes = kRecordHeaderBytes + 52;  // and the id
inline constexpr std::size_t kRecordBytesMax = 1 << 20;

// What a device's books said when it was first mentioned in a segment; later records of the segment count on from there.
struct DeviceRecord {
  std::uint32_t number = 0;  // what the segment's other records call it
  std::uint64_t nextOrdinal = 1;
  std::uint64_t storedFinished = 0;  // of all messages ever stored, how many have left
  std::uint64_t delivered = 0;
  std::uint64_t expired = 0;
  std::uint64_t dropped = 0;
  std::uint64_t deadLettered = 0;
  std::string_view id;
};

struct MessageRecord {
  std::uint32_t device = 0;
  std::uint64_t ordinal = 0;  // 1, 2, 3 … in the order the device's messages were stored
  std::uint64_t acceptedMs = 0;  // Unix time
  base::ByteView body;
};

struct ReleaseRecord {
  std::uint32_t device = 0;
  std::uint64_t firstOrdinal = 0;
  std::uint32_t count = 0;
  Fate fate = Fate::none;  // none: repeats what an earlier segment said, so it counts nothing
};

enum class RecordType : std::uint8_t { device = 1, message = 2, release = 3 };

struct Record {
  RecordType type = RecordType::device;
  DeviceRecord device;
  MessageRecord message;
  ReleaseRecord release;
  std::size_t size = 0;  // header included
};

void append(base::Bytes& out, const SegmentHeader& header);
void append(base::Bytes& out, std::uint32_t salt, const DeviceRecord& record);
void append(base::Bytes& out, std::uint32_t salt, const MessageRecord& record);
void append(base::Bytes& out, std::uint32_t salt, const ReleaseRecord& record);

// Of whatever version; nothing when the header is damaged.
[[nodiscard]] std::optional<std::uint32_t> segmentVersion(base::ByteView bytes);
[[nodiscard]] std::optional<SegmentHeader> readSegmentHeader(base::ByteView bytes);

// What the record's header says of its size; nothing when no record can begin with these bytes. Bytes that a device sent pass for a
// header only by chance, once in 65,536, because the mark comes from the salt.
[[nodiscard]] std::optional<std::size_t> recordSize(base::ByteView bytes, std::uint32_t salt);
// The whole record at the start of `bytes`, with views into it; nothing when it is torn, damaged or malformed.
[[nodiscard]] std::optional<Record> readRecord(base::ByteView bytes, std::uint32_t salt);

}  // namespace spheregate::queue
