#include <gtest/gtest.h>

#include <string>

#include "packet_bytes.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::mqtt {
namespace {

using namespace std::string_literals;
using test::errorOf;

base::Result<Subscribe> subscribeFrom(const std::string& body) {
  return parseSubscribe(test::frameOf(PacketType::subscribe, body));
}
base::Result<Unsubscribe> unsubscribeFrom(const std::string& body) {
  return parseUnsubscribe(test::frameOf(PacketType::unsubscribe, body));
}
base::Result<Suback> subackFrom(const std::string& body) { return parseSuback(test::frameOf(PacketType::suback, body)); }

TEST(Subscribe, readsSeveralFiltersInOrder) {
  const std::string body =
      "\x00\x07\x00\x03"
      "a/#\x01\x00\x01+\x02"s;
  const auto subscribe = subscribeFrom(body);
  ASSERT_TRUE(subscribe) << subscribe.error().message();
  EXPECT_EQ(subscribe->packetId, 7);
  ASSERT_EQ(subscribe->filters.size(), 2U);
  EXPECT_EQ(subscribe->filters[0].filter, "a/#");
  EXPECT_EQ(subscribe->filters[0].qos, 1);
  EXPECT_EQ(subscribe->filters[1].filter, "+");
  EXPECT_EQ(subscribe->filters[1].qos, 2);
}

TEST(Subscribe, refusesWhatBreaksTheRules) {
  EXPECT_EQ(errorOf(subscribeFrom("\x00\x07"s)), Errc::emptyList);
  EXPECT_EQ(errorOf(subscribeFrom("\x00\x00\x00\x01t\x00"s)), Errc::badPacketId);
  EXPECT_EQ(errorOf(subscribeFrom("\x00\x07\x00\x01t\x03"s)), Errc::badQos);
  EXPECT_EQ(errorOf(subscribeFrom("\x00\x07\x00\x01t\x04"s)), Errc::badQos);  // reserved bits
  EXPECT_EQ(errorOf(subscribeFrom("\x00\x07\x00\x00\x00"s)), Errc::badFilter);
  EXPECT_EQ(errorOf(subscribeFrom("\x00\x07\x00\x02#a\x00"s)), Errc::badFilter);
  EXPECT_EQ(errorOf(subscribeFrom("\x00\x07\x00\x01\xfe\x00"s)), Errc::badString);
}

TEST(Subscribe, refusesEveryTruncation) {
  const std::string body = "\x00\x07\x00\x01t\x01\x00\x01u\x01"s;
  const std::size_t afterFirst = 6;
  ASSERT_TRUE(subscribeFrom(body));
  for (std::size_t size = 0; size < body.size(); ++size) {
    if (size == 2 || size == afterFirst) continue;
    EXPECT_EQ(errorOf(subscribeFrom(body.substr(0, size))), Errc::truncated) << size;
  }
  EXPECT_TRUE(subscribeFrom(body.substr(0, afterFirst)));
}

TEST(Subscribe, survivesTheWire) {
  const Subscribe sent{.packetId = 1, .filters = {{"devices/a/messages/devicebound/#", 1}, {"$iothub/twin/res/#", 0}}};
  base::Bytes bytes;
  appendSubscribe(bytes, sent);
  const auto read = parseSubscribe(test::firstFrame(bytes));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->filters.size(), 2U);
  EXPECT_EQ(read->filters[0].filter, sent.filters[0].filter);
  EXPECT_EQ(read->filters[1].filter, sent.filters[1].filter);
  EXPECT_EQ(read->filters[0].qos, 1);
}

TEST(Suback, readsCodesAndRefusesUnknownOnes) {
  const Suback sent{.packetId = 3, .codes = {0, 1, 2, 0x80}};
  base::Bytes bytes;
  appendSuback(bytes, sent);
  const auto read = parseSuback(test::firstFrame(bytes));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->packetId, 3);
  EXPECT_EQ(read->codes, sent.codes);
  EXPECT_EQ(errorOf(subackFrom("\x00\x03\x03"s)), Errc::badReturnCode);
  EXPECT_EQ(errorOf(subackFrom("\x00\x03\x81"s)), Errc::badReturnCode);
  EXPECT_EQ(errorOf(subackFrom("\x00\x03"s)), Errc::emptyList);
  EXPECT_EQ(errorOf(subackFrom("\x00\x00\x01"s)), Errc::badPacketId);
  EXPECT_EQ(errorOf(subackFrom("\x00"s)), Errc::truncated);
}

TEST(Unsubscribe, survivesTheWireAndRefusesTheRest) {
  const Unsubscribe sent{.packetId = 500, .filters = {"a/b", "c/#"}};
  base::Bytes bytes;
  appendUnsubscribe(bytes, sent);
  const auto read = parseUnsubscribe(test::firstFrame(bytes));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->packetId, 500);
  EXPECT_EQ(read->filters, sent.filters);
  EXPECT_EQ(errorOf(unsubscribeFrom("\x00\x01"s)), Errc::emptyList);
  EXPECT_EQ(errorOf(unsubscribeFrom("\x00\x00\x00\x01t"s)), Errc::badPacketId);
  EXPECT_EQ(errorOf(unsubscribeFrom("\x00\x01\x00\x02t"s)), Errc::truncated);
  EXPECT_EQ(errorOf(unsubscribeFrom("\x00\x01\x00\x00"s)), Errc::badFilter);
  EXPECT_EQ(errorOf(unsubscribeFrom("\x00\x01\x00\x01\xc1"s)), Errc::badString);
}

TEST(SmallPackets, readPacketIds) {
  for (const PacketType type :
       {PacketType::puback, PacketType::pubrec, PacketType::pubrel, PacketType::pubcomp, PacketType::unsuback}) {
    const auto parse = [type](const std::string& body) { return parsePacketId(test::frameOf(type, body)); };
    EXPECT_EQ(*parse("\x12\x34"s), 0x1234);
    EXPECT_EQ(errorOf(parse("\x00\x00"s)), Errc::badPacketId);
    EXPECT_EQ(errorOf(parse("\x12"s)), Errc::truncated);
    EXPECT_EQ(errorOf(parse("\x12\x34\x00"s)), Errc::trailingBytes);
  }
}

TEST(SmallPackets, areEmptyWhenTheyShouldBe) {
  for (const PacketType type : {PacketType::pingreq, PacketType::pingresp, PacketType::disconnect}) {
    EXPECT_TRUE(parseEmpty(test::frameOf(type, "")));
    EXPECT_EQ(errorOf(parseEmpty(test::frameOf(type, "x"))), Errc::trailingBytes);
  }
}

TEST(SmallPackets, noParserTakesAnotherType) {
  const Frame ping = test::frameOf(PacketType::pingreq, "");
  EXPECT_EQ(errorOf(parseConnect(ping)), Errc::badType);
  EXPECT_EQ(errorOf(parseConnack(ping)), Errc::badType);
  EXPECT_EQ(errorOf(parsePublish(ping)), Errc::badType);
  EXPECT_EQ(errorOf(parsePacketId(ping)), Errc::badType);
  EXPECT_EQ(errorOf(parseSubscribe(ping)), Errc::badType);
  EXPECT_EQ(errorOf(parseSuback(ping)), Errc::badType);
  EXPECT_EQ(errorOf(parseUnsubscribe(ping)), Errc::badType);
  EXPECT_EQ(errorOf(parseEmpty(test::frameOf(PacketType::publish, ""))), Errc::badType);
}

}  // namespace
}  // namespace spheregate::mqtt
