#include <gtest/gtest.h>

#include <string>

#include "packet_bytes.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::mqtt {
namespace {

using namespace std::string_literals;
using test::errorOf;

base::Result<Publish> publishFrom(unsigned flags, const std::string& body) {
  return parsePublish(test::frameOf(PacketType::publish, body, flags));
}

std::string counted(const std::string& topic) {
  return std::string{static_cast<char>(topic.size() >> 8), static_cast<char>(topic.size())} + topic;
}

TEST(Publish, readsInPlaceWithoutCopying) {
  const std::string body =
      "\x00\x03"
      "a/b\x12\x34payload"s;
  const auto publish = publishFrom(0x0b, body);
  ASSERT_TRUE(publish);
  EXPECT_EQ(publish->topic, "a/b");
  EXPECT_EQ(publish->topic.data(), body.data() + 2);
  EXPECT_EQ(publish->packetId, 0x1234);
  EXPECT_EQ(publish->qos, 1);
  EXPECT_TRUE(publish->dup);
  EXPECT_TRUE(publish->retain);
  EXPECT_EQ(base::asText(publish->payload), "payload");
}

TEST(Publish, hasNoPacketIdWithQosZero) {
  const std::string body = "\x00\x01t\x12\x34"s;
  const auto publish = publishFrom(0, body);
  ASSERT_TRUE(publish);
  EXPECT_EQ(publish->packetId, 0);
  EXPECT_EQ(base::asText(publish->payload), "\x12\x34");
}

TEST(Publish, refusesWhatTheFixedHeaderMayNotSay) {
  EXPECT_EQ(errorOf(publishFrom(0x06, "\x00\x01t\x00\x01"s)), Errc::badQos);
  EXPECT_EQ(errorOf(publishFrom(0x08, "\x00\x01t"s)), Errc::badFlags);
  EXPECT_EQ(errorOf(publishFrom(0x02, "\x00\x01t\x00\x00"s)), Errc::badPacketId);
}

TEST(Publish, refusesTopicsNobodyMayPublishTo) {
  EXPECT_EQ(errorOf(publishFrom(0, "\x00\x00payload"s)), Errc::badTopic);
  // Every position of a bad byte in a topic that is longer than the eight bytes judged at once.
  const std::string topic = "devices/leaf1/messages/events/";
  for (std::size_t at = 0; at < topic.size(); ++at) {
    for (const char bad : {'+', '#'}) {
      std::string broken = topic;
      broken[at] = bad;
      EXPECT_EQ(errorOf(publishFrom(0, counted(broken))), Errc::badTopic) << broken;
    }
    for (const char bad : {'\x00', '\x80', '\xff'}) {
      std::string broken = topic;
      broken[at] = bad;
      EXPECT_EQ(errorOf(publishFrom(0, counted(broken))), Errc::badString) << at;
    }
  }
}

TEST(Publish, takesEveryCharacterThatIsNotAWildcard) {
  for (int value = 1; value < 128; ++value) {
    if (value == '+' || value == '#') continue;
    const std::string topic(17, static_cast<char>(value));
    EXPECT_TRUE(publishFrom(0, counted(topic))) << value;
  }
  EXPECT_TRUE(publishFrom(0, counted("devices/x/messages/events/ort=K\xc3\xb6ln&\xf0\x9f\x8c\xa1=1")));
  EXPECT_EQ(errorOf(publishFrom(0, counted("0123456789 K\xc3\xb6ln 0123456789 +"))), Errc::badTopic);
}

TEST(Publish, refusesEveryTruncation) {
  const std::string body =
      "\x00\x03"
      "a/b\x00\x01"s;
  ASSERT_TRUE(publishFrom(2, body));
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(errorOf(publishFrom(2, body.substr(0, size))), Errc::truncated) << size;
  }
}

TEST(Publish, survivesTheWireWhateverItsSize) {
  for (const std::size_t payloadBytes : {0UL, 1UL, 115UL, 116UL, 256UL, 16'370UL, 16'371UL, 262'144UL}) {
    for (const unsigned qos : {0U, 1U, 2U}) {
      const std::string payload(payloadBytes, 'x');
      const Publish sent{.topic = "devices/a",
                         .payload = base::asBytes(payload),
                         .packetId = static_cast<PacketId>(qos == 0 ? 0 : 65535),
                         .qos = static_cast<std::uint8_t>(qos),
                         .dup = qos > 0,
                         .retain = true};
      base::Bytes bytes;
      appendPublish(bytes, sent);
      EXPECT_EQ(bytes.size(), publishSize(sent.topic.size(), payloadBytes, sent.qos));
      Frame frame;
      ASSERT_EQ(*nextFrame(bytes, 300'000, frame), Framing::complete);
      EXPECT_EQ(frame.size, bytes.size());
      const auto read = parsePublish(frame);
      ASSERT_TRUE(read) << read.error().message();
      EXPECT_EQ(read->topic, sent.topic);
      EXPECT_EQ(base::asText(read->payload), payload);
      EXPECT_EQ(read->packetId, sent.packetId);
      EXPECT_EQ(read->qos, sent.qos);
      EXPECT_EQ(read->dup, sent.dup);
      EXPECT_TRUE(read->retain);
    }
  }
}

TEST(Publish, joinsTheTopicFromItsParts) {
  const std::string payload = "21.5";
  base::Bytes whole;
  appendPublish(whole, {.topic = "devices/a/messages/events/k=v", .payload = base::asBytes(payload), .packetId = 9, .qos = 1});
  base::Bytes joined;
  appendPublish(joined, {.topic = "ignored", .payload = base::asBytes(payload), .packetId = 9, .qos = 1},
                {"devices/a/messages/events", "", "/k=v"});
  EXPECT_EQ(joined, whole);
}

}  // namespace
}  // namespace spheregate::mqtt
