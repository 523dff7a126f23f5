#include "spheregate/mqtt/encoder.hpp"

#include <gtest/gtest.h>

#include <string>

#include "packet_bytes.hpp"

namespace spheregate::mqtt {
namespace {

using namespace std::string_literals;
using test::bytesOf;

TEST(Encoder, writesTheBytesOfTheSpecification) {
  base::Bytes out;
  appendConnect(out, {.clientId = "a", .cleanSession = true, .keepAliveSeconds = 10});
  EXPECT_EQ(out, bytesOf("\x10\x0d\x00\x04MQTT\x04\x02\x00\x0a\x00\x01"
                         "a"s));
  out.clear();
  appendConnack(out, {.sessionPresent = true, .code = ConnackCode::accepted});
  appendPuback(out, 0x0102);
  appendUnsuback(out, 0x0304);
  appendPingreq(out);
  appendPingresp(out);
  appendDisconnect(out);
  EXPECT_EQ(out, bytesOf("\x20\x02\x01\x00\x40\x02\x01\x02\xb0\x02\x03\x04\xc0\x00\xd0\x00\xe0\x00"s));
  out.clear();
  appendSubscribe(out, {.packetId = 1, .filters = {{"a/#", 1}}});
  EXPECT_EQ(out, bytesOf("\x82\x08\x00\x01\x00\x03"
                         "a/#\x01"s));
  out.clear();
  appendPublish(out, {.topic = "t", .payload = base::asBytes("p"), .packetId = 2, .qos = 1, .dup = true, .retain = true});
  EXPECT_EQ(out, bytesOf("\x3b\x06\x00\x01t\x00\x02p"s));
}

TEST(Encoder, growsAnOutboxGeometrically) {
  base::Bytes out;
  std::size_t growths = 0;
  std::size_t capacity = 0;
  for (int i = 0; i < 20'000; ++i) {
    appendPublish(out, {.topic = "devices/leaf/messages/events", .payload = base::asBytes("0123456789")}, {"devices/", "leaf"});
    appendPuback(out, 1);
    growths += out.capacity() != capacity ? 1 : 0;
    capacity = out.capacity();
  }
  EXPECT_LT(growths, 25U);
}

TEST(Encoder, growsAtMostOnceForAPacket) {
  const std::string payload(100'000, 'x');
  const Publish publish{.topic = "a/long/topic", .payload = base::asBytes(payload), .packetId = 1, .qos = 1};
  base::Bytes out;
  appendPublish(out, publish);
  EXPECT_EQ(out.capacity(), publishSize(publish.topic.size(), payload.size(), 1));
}

TEST(EncoderDeathTest, abortsOnPacketsThatCannotBeWritten) {
  base::Bytes out;
  const std::string tooLong(65'536, 't');
  EXPECT_DEATH(appendPublish(out, {.topic = ""}), "check failed");
  EXPECT_DEATH(appendPublish(out, {.topic = tooLong}), "check failed");
  EXPECT_DEATH(appendPublish(out, {.topic = "t", .packetId = 0, .qos = 1}), "check failed");
  EXPECT_DEATH(appendPublish(out, {.topic = "t", .packetId = 1, .qos = 3}), "check failed");
  EXPECT_DEATH(appendPublish(out, {.topic = "t", .dup = true}), "check failed");
  EXPECT_DEATH(appendPuback(out, 0), "check failed");
  EXPECT_DEATH(appendSubscribe(out, {.packetId = 1, .filters = {}}), "check failed");
  EXPECT_DEATH(appendConnect(out, {.clientId = "a", .password = base::asBytes("p")}), "check failed");
  EXPECT_DEATH(appendConnack(out, {.sessionPresent = true, .code = ConnackCode::unavailable}), "check failed");
}

}  // namespace
}  // namespace spheregate::mqtt
