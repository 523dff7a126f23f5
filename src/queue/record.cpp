#include "record.hpp"

#include <cstring>
#include <type_traits>

#include "crc32c.hpp"
#include "spheregate/base/check.hpp"
#include "spheregate/queue/format.hpp"

namespace spheregate::queue {
namespace {

constexpr std::string_view kMagic = "SPHGATEQ";

// Where the fields of a record's header begin.
constexpr std::size_t kLengthAt = 4;
constexpr std::size_t kTypeAt = 7;
constexpr std::size_t kMarkAt = 8;
static_assert(kMarkAt + 2 == kRecordHeaderBytes && kRecordBytesMax < 1u << 24);

std::uint16_t markOf(std::uint32_t salt) { return static_cast<std::uint16_t>(salt >> 16); }

template <class Integer>
void put(base::Bytes& out, Integer value) {
  static_assert(std::is_unsigned_v<Integer>);
  for (std::size_t index = 0; index < sizeof value; ++index) {
    out.push_back(static_cast<std::uint8_t>(static_cast<std::uint64_t>(value) >> (8 * index)));
  }
}

template <class Integer>
Integer take(const std::uint8_t* at) {
  std::uint64_t value = 0;
  for (std::size_t index = 0; index < sizeof(Integer); ++index) value |= static_cast<std::uint64_t>(at[index]) << (8 * index);
  return static_cast<Integer>(value);
}

// Reserves the header, and fills it in when the payload is complete.
class RecordBuilder {
 public:
  RecordBuilder(base::Bytes& out, RecordType type) : out_{out}, start_{out.size()} {
    out_.resize(start_ + kRecordHeaderBytes);
    out_[start_ + kTypeAt] = static_cast<std::uint8_t>(type);
  }
  void finish(std::uint32_t salt) {
    const std::size_t length = out_.size() - start_ - kRecordHeaderBytes;
    SPHEREGATE_CHECK(length + kRecordHeaderBytes <= kRecordBytesMax);
    fill(start_ + kLengthAt, 3, static_cast<std::uint32_t>(length));
    fill(start_ + kMarkAt, 2, markOf(salt));
    fill(start_, 4, crc32c(base::ByteView{out_}.subspan(start_ + kLengthAt), salt));
  }

 private:
  void fill(std::size_t at, std::size_t bytes, std::uint32_t value) {
    for (std::size_t index = 0; index < bytes; ++index) out_[at + index] = static_cast<std::uint8_t>(value >> (8 * index));
  }

  base::Bytes& out_;
  std::size_t start_;
};

bool readDevice(base::ByteView payload, DeviceRecord& record) {
  constexpr std::size_t fixed = kDeviceBytes - kRecordHeaderBytes;
  if (payload.size() <= fixed || payload.size() > fixed + kDeviceIdBytesMax) return false;
  const std::uint8_t* at = payload.data();
  record.number = take<std::uint32_t>(at);
  record.nextOrdinal = take<std::uint64_t>(at + 4);
  record.storedFinished = take<std::uint64_t>(at + 12);
  record.delivered = take<std::uint64_t>(at + 20);
  record.expired = take<std::uint64_t>(at + 28);
  record.dropped = take<std::uint64_t>(at + 36);
  record.deadLettered = take<std::uint64_t>(at + 44);
  record.id = base::asText(payload.subspan(fixed));
  return record.nextOrdinal > 0;
}

bool readMessage(base::ByteView payload, MessageRecord& record) {
  constexpr std::size_t fixed = kMessageBytes - kRecordHeaderBytes;
  if (payload.size() < fixed) return false;
  record.device = take<std::uint32_t>(payload.data());
  record.ordinal = take<std::uint64_t>(payload.data() + 4);
  record.acceptedMs = take<std::uint64_t>(payload.data() + 12);
  record.body = payload.subspan(fixed);
  return record.ordinal > 0;
}

bool readRelease(base::ByteView payload, ReleaseRecord& record) {
  if (payload.size() != kReleaseBytes - kRecordHeaderBytes) return false;
  record.device = take<std::uint32_t>(payload.data());
  record.firstOrdinal = take<std::uint64_t>(payload.data() + 4);
  record.count = take<std::uint32_t>(payload.data() + 12);
  const std::uint8_t fate = payload[16];
  record.fate = static_cast<Fate>(fate);
  return record.firstOrdinal > 0 && record.count > 0 && fate <= static_cast<std::uint8_t>(Fate::deadLettered);
}

}  // namespace

void append(base::Bytes& out, const SegmentHeader& header) {
  const std::size_t start = out.size();
  base::append(out, kMagic);
  put(out, kFormatVersion);
  put(out, header.number);
  put(out, header.life);
  put(out, header.salt);
  put(out, crc32c(base::ByteView{out}.subspan(start)));
}

void append(base::Bytes& out, std::uint32_t salt, const DeviceRecord& record) {
  RecordBuilder builder{out, RecordType::device};
  put(out, record.number);
  put(out, record.nextOrdinal);
  put(out, record.storedFinished);
  put(out, record.delivered);
  put(out, record.expired);
  put(out, record.dropped);
  put(out, record.deadLettered);
  base::append(out, record.id);
  builder.finish(salt);
}

void append(base::Bytes& out, std::uint32_t salt, const MessageRecord& record) {
  RecordBuilder builder{out, RecordType::message};
  put(out, record.device);
  put(out, record.ordinal);
  put(out, record.acceptedMs);
  base::append(out, record.body);
  builder.finish(salt);
}

void append(base::Bytes& out, std::uint32_t salt, const ReleaseRecord& record) {
  RecordBuilder builder{out, RecordType::release};
  put(out, record.device);
  put(out, record.firstOrdinal);
  put(out, record.count);
  put(out, static_cast<std::uint8_t>(record.fate));
  builder.finish(salt);
}

std::optional<std::uint32_t> segmentVersion(base::ByteView bytes) {
  if (bytes.size() < kSegmentHeaderBytes) return std::nullopt;
  const base::ByteView covered = bytes.first(kSegmentHeaderBytes - 4);
  if (base::asText(covered.first(kMagic.size())) != kMagic) return std::nullopt;
  if (take<std::uint32_t>(bytes.data() + covered.size()) != crc32c(covered)) return std::nullopt;
  return take<std::uint32_t>(bytes.data() + kMagic.size());
}

std::optional<SegmentHeader> readSegmentHeader(base::ByteView bytes) {
  if (segmentVersion(bytes) != kFormatVersion) return std::nullopt;
  return SegmentHeader{.number = take<std::uint32_t>(bytes.data() + 12),
                       .life = take<std::uint64_t>(bytes.data() + 16),
                       .salt = take<std::uint32_t>(bytes.data() + 24)};
}

std::optional<std::size_t> recordSize(base::ByteView bytes, std::uint32_t salt) {
  if (bytes.size() < kRecordHeaderBytes || take<std::uint16_t>(bytes.data() + kMarkAt) != markOf(salt)) return std::nullopt;
  const std::uint8_t type = bytes[kTypeAt];
  const std::size_t size = kRecordHeaderBytes + (take<std::uint32_t>(bytes.data() + kLengthAt) & 0xFF'FFFF);
  if (type < 1 || type > 3 || size > kRecordBytesMax) return std::nullopt;
  return size;
}

std::optional<Record> readRecord(base::ByteView bytes, std::uint32_t salt) {
  const auto size = recordSize(bytes, salt);
  if (!size || *size > bytes.size()) return std::nullopt;
  if (take<std::uint32_t>(bytes.data()) != crc32c(bytes.subspan(kLengthAt, *size - kLengthAt), salt)) return std::nullopt;
  Record record;
  record.type = static_cast<RecordType>(bytes[kTypeAt]);
  record.size = *size;
  const base::ByteView payload = bytes.subspan(kRecordHeaderBytes, *size - kRecordHeaderBytes);
  bool good = false;
  switch (record.type) {
    case RecordType::device: good = readDevice(payload, record.device); break;
    case RecordType::message: good = readMessage(payload, record.message); break;
    case RecordType::release: good = readRelease(payload, record.release); break;
  }
  if (!good) return std::nullopt;
  return record;
}

}  // namespace spheregate::queue
