#include <gtest/gtest.h>

#include "crc32c.hpp"
#include "device_queue.hpp"
#include "record.hpp"
#include "segment_reader.hpp"
#include "segments.hpp"

namespace spheregate::queue {
namespace {

std::uint32_t bitByBit(base::ByteView bytes, std::uint32_t crc) {
  crc = ~crc;
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
  }
  return ~crc;
}

TEST(Crc32c, isTheCastagnoliCode) {
  EXPECT_EQ(crc32c(base::asBytes("123456789")), 0xE3069283u);  // the check value of the CRC catalogue
  base::Bytes bytes;
  for (unsigned size = 0; size < 100; ++size) {
    EXPECT_EQ(crc32c(bytes, size * 77), bitByBit(bytes, size * 77)) << size;
    bytes.push_back(static_cast<std::uint8_t>(size * 37 + 11));
  }
}

TEST(Record, comesBackAsItWasWritten) {
  base::Bytes bytes;
  append(bytes, 7, DeviceRecord{.number = 3, .nextOrdinal = 9, .storedFinished = 4, .delivered = 1, .expired = 2, .dropped = 3, .deadLettered = 5, .id = "d"});
  const std::size_t device = bytes.size();
  append(bytes, 7, MessageRecord{.device = 3, .ordinal = 9, .acceptedMs = 1'700'000'000'123, .body = base::asBytes("body")});
  const std::size_t message = bytes.size();
  append(bytes, 7, ReleaseRecord{.device = 3, .firstOrdinal = 9, .count = 2, .fate = Fate::expired});
  EXPECT_EQ(device, kDeviceBytes + 1);
  EXPECT_EQ(message - device, kMessageBytes + 4);
  EXPECT_EQ(bytes.size() - message, kReleaseBytes);

  const auto first = readRecord(bytes, 7);
  ASSERT_TRUE(first && first->type == RecordType::device);
  EXPECT_EQ(first->device.id, "d");
  EXPECT_EQ(first->device.nextOrdinal, 9u);
  EXPECT_EQ(first->device.deadLettered, 5u);
  const auto second = readRecord(base::ByteView{bytes}.subspan(device), 7);
  ASSERT_TRUE(second && second->type == RecordType::message);
  EXPECT_EQ(base::asText(second->message.body), "body");
  EXPECT_EQ(second->message.acceptedMs, 1'700'000'000'123u);
  const auto third = readRecord(base::ByteView{bytes}.subspan(message), 7);
  ASSERT_TRUE(third && third->type == RecordType::release);
  EXPECT_EQ(third->release.fate, Fate::expired);
  EXPECT_FALSE(readRecord(bytes, 8)) << "another segment's salt";
}

// A device may send bytes that are a record in every way but the salt, which it cannot know.
TEST(SegmentReader, aRecordInsideADamagedMessageIsNotBelieved) {
  base::Bytes forged;
  append(forged, 0, MessageRecord{.device = 0, .ordinal = 77, .acceptedMs = 1, .body = base::asBytes("forged")});
  base::Bytes segment;
  append(segment, SegmentHeader{.number = 5, .salt = 0x12345678});
  append(segment, 0x12345678, DeviceRecord{.id = "a"});
  const std::size_t begins = segment.size();
  append(segment, 0x12345678, MessageRecord{.device = 0, .ordinal = 1, .acceptedMs = 1, .body = forged});
  const std::size_t ends = segment.size();
  append(segment, 0x12345678, MessageRecord{.device = 0, .ordinal = 2, .acceptedMs = 1, .body = base::asBytes("sound")});
  segment[begins + 10] ^= 1;

  SegmentReader reader{segment, 5};
  ASSERT_TRUE(reader.sound());
  EXPECT_EQ(reader.next(), SegmentReader::Step::record);
  EXPECT_EQ(reader.next(), SegmentReader::Step::damaged);
  EXPECT_EQ(reader.offset(), begins);
  EXPECT_EQ(reader.skipped(), ends - begins);
  ASSERT_EQ(reader.next(), SegmentReader::Step::record);
  EXPECT_EQ(reader.record().message.ordinal, 2u);
  EXPECT_EQ(reader.next(), SegmentReader::Step::end);
}

// Every byte looks like the start of a large record: the search must give up in time.
TEST(SegmentReader, theSearchIsBounded) {
  base::Bytes segment;
  append(segment, SegmentHeader{.number = 1, .salt = 1});
  const std::uint8_t lure[] = {0, 0, 0, 0, 0, 0, 2, 2, 0, 0};  // the mark of this salt is 0
  for (int count = 0; count < 100'000; ++count) segment.insert(segment.end(), lure, lure + sizeof lure);
  SegmentReader reader{segment, 1};
  EXPECT_EQ(reader.next(), SegmentReader::Step::tail);
  EXPECT_EQ(reader.next(), SegmentReader::Step::end);
}

TEST(SegmentReader, refusesAnotherSegmentsHeader) {
  base::Bytes segment;
  append(segment, SegmentHeader{.number = 5, .salt = 1});
  EXPECT_TRUE((SegmentReader{segment, 5}.sound()));
  EXPECT_FALSE((SegmentReader{segment, 6}.sound()));
  segment[13] ^= 1;
  EXPECT_FALSE((SegmentReader{segment, 5}.sound()));
  EXPECT_FALSE((SegmentReader{{}, 5}.sound()));
}

TEST(SegmentName, goesBothWays) {
  EXPECT_EQ(segmentName(42), "journal-0000000042.seg");
  EXPECT_EQ(segmentNumber(segmentName(4'294'967'295)), 4'294'967'295u);
  for (const char* name : {"journal-42.seg", "journal-000000004x.seg", "journal-9999999999.seg", "journal-0000000042.tmp", "", "x"}) {
    EXPECT_EQ(segmentNumber(name), 0u) << name;
  }
}

TEST(DeviceQueue, findsByOrdinalAmongMessagesThatHaveNone) {
  DeviceQueue queue;
  queue.first = 100;
  for (const std::uint64_t ordinal : {5u, 0u, 6u, 0u, 0u, 9u, 0u, 12u, 0u, 0u}) {
    Entry entry;
    entry.ordinal = ordinal;
    queue.entries.push(std::move(entry));
  }
  EXPECT_EQ(queue.find(5), 100u);
  EXPECT_EQ(queue.find(6), 102u);
  EXPECT_EQ(queue.find(9), 105u);
  EXPECT_EQ(queue.find(12), 107u);
  for (const std::uint64_t absent : {1u, 7u, 10u, 13u}) EXPECT_FALSE(queue.find(absent)) << absent;
}

TEST(Ring, keepsOrderWhileItGrowsAndShrinks) {
  Ring<std::unique_ptr<int>> ring;
  int in = 0;
  int out = 0;
  for (int round = 0; round < 200; ++round) {
    const bool growing = round / 50 % 2 == 0;
    for (int count = 0; count < (growing ? 9 : 2); ++count) ring.push(std::make_unique<int>(in++));
    for (int count = 0; count < (growing ? 2 : 9) && !ring.empty(); ++count) {
      ASSERT_EQ(*ring.front(), out++);
      ring.pop();
    }
    for (std::size_t index = 0; index < ring.size(); ++index) ASSERT_EQ(*ring[index], out + static_cast<int>(index));
  }
}

}  // namespace
}  // namespace spheregate::queue
