#include <gtest/gtest.h>

#include <string>

#include "packet_bytes.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::mqtt {
namespace {

using namespace std::string_literals;
using test::bytesOf;
using test::errorOf;
using test::kLimit;

base::Result<Framing> frameIn(const std::string& text, std::size_t limit = kLimit) {
  Frame frame;
  return nextFrame(base::asBytes(text), limit, frame);
}

TEST(Framing, waitsUntilTheWholePacketIsThere) {
  base::Bytes whole;
  const std::string payload(300, 'x');
  appendPublish(whole, {.topic = "a/b", .payload = base::asBytes(payload), .packetId = 7, .qos = 1});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Frame frame;
    const auto found = nextFrame(base::ByteView{whole}.first(size), kLimit, frame);
    ASSERT_TRUE(found.has_value()) << size;
    ASSERT_EQ(*found, Framing::incomplete) << size;
    ASSERT_EQ(frame.size, 0U) << size;
  }
  Frame frame;
  ASSERT_EQ(nextFrame(whole, kLimit, frame).value(), Framing::complete);
  EXPECT_EQ(frame.size, whole.size());
  EXPECT_EQ(frame.type, PacketType::publish);
  EXPECT_EQ(frame.flags, 2);
  EXPECT_EQ(frame.body.data(), whole.data() + 3);
  EXPECT_EQ(frame.body.size(), whole.size() - 3);
}

TEST(Framing, leavesTheNextPacketAlone) {
  base::Bytes stream;
  appendPuback(stream, 1);
  appendPingreq(stream);
  const Frame first = test::firstFrame(stream);
  EXPECT_EQ(first.size, 4U);
  const Frame second = test::firstFrame(base::ByteView{stream}.subspan(first.size));
  EXPECT_EQ(second.type, PacketType::pingreq);
  EXPECT_EQ(second.size, 2U);
  EXPECT_TRUE(second.body.empty());
}

TEST(Framing, refusesReservedTypesAtTheFirstByte) {
  EXPECT_EQ(errorOf(frameIn("\x00"s)), Errc::badType);
  EXPECT_EQ(errorOf(frameIn("\xf0"s)), Errc::badType);
}

TEST(Framing, refusesReservedFlagsAtTheFirstByte) {
  for (const unsigned type : {1U, 2U, 4U, 5U, 7U, 9U, 11U, 12U, 13U, 14U}) {
    const std::string right(1, static_cast<char>(type << 4));
    const std::string wrong(1, static_cast<char>(type << 4 | 2));
    EXPECT_TRUE(frameIn(right)) << type;
    EXPECT_EQ(errorOf(frameIn(wrong)), Errc::badFlags) << type;
  }
  for (const unsigned type : {6U, 8U, 10U}) {
    const std::string right(1, static_cast<char>(type << 4 | 2));
    const std::string wrong(1, static_cast<char>(type << 4));
    EXPECT_TRUE(frameIn(right)) << type;
    EXPECT_EQ(errorOf(frameIn(wrong)), Errc::badFlags) << type;
  }
}

TEST(Framing, refusesALengthOverFourBytes) {
  EXPECT_EQ(*frameIn("\x30\xff\xff\xff"s, 300'000'000), Framing::incomplete);
  EXPECT_EQ(*frameIn("\x30\xff\xff\xff\x7f"s, 300'000'000), Framing::incomplete);
  EXPECT_EQ(errorOf(frameIn("\x30\xff\xff\xff\xff"s, 300'000'000)), Errc::malformedLength);
  EXPECT_EQ(errorOf(frameIn("\x30\x80\x80\x80\x80\x01"s)), Errc::malformedLength);
}

TEST(Framing, refusesAPacketOverTheLimitBeforeItsBodyArrives) {
  // 2 bytes of header and 98 of body are 100.
  EXPECT_EQ(*frameIn("\x30\x62"s, 100), Framing::incomplete);
  EXPECT_EQ(errorOf(frameIn("\x30\x63"s, 100)), Errc::tooLarge);
  EXPECT_EQ(errorOf(frameIn("\x30\xff\xff\xff\x7f"s)), Errc::tooLarge);
}

TEST(Framing, readsEveryLengthEncodingBoundary) {
  for (const std::size_t length : {0UL, 127UL, 128UL, 16'383UL, 16'384UL, 2'097'151UL, 2'097'152UL}) {
    base::Bytes bytes;
    const std::string payload(length > 3 ? length - 3 : 0, 'p');
    if (length == 0) {
      appendPingreq(bytes);
    } else {
      appendPublish(bytes, {.topic = "t", .payload = base::asBytes(payload)});
    }
    Frame frame;
    ASSERT_EQ(*nextFrame(bytes, 4'000'000, frame), Framing::complete) << length;
    EXPECT_EQ(frame.body.size(), length);
    EXPECT_EQ(frame.size, bytes.size());
  }
}

TEST(MqttErrc, everyReasonHasItsOwnWords) {
  std::string seen;
  for (int value = static_cast<int>(Errc::malformedLength); value <= static_cast<int>(Errc::badReturnCode); ++value) {
    const auto code = make_error_code(static_cast<Errc>(value));
    EXPECT_TRUE(code.failed());
    EXPECT_STREQ(code.category().name(), "spheregate.mqtt");
    EXPECT_NE(code.message(), "unknown MQTT error") << value;
    EXPECT_EQ(seen.find(code.message()), std::string::npos) << code.message();
    seen += code.message() + "\n";
  }
}

}  // namespace
}  // namespace spheregate::mqtt
