#include <gtest/gtest.h>

#include <string>

#include "packet_bytes.hpp"
#include "spheregate/mqtt/encoder.hpp"

namespace spheregate::mqtt {
namespace {

using namespace std::string_literals;
using test::errorOf;

base::Result<Connect> connectFrom(const std::string& body) { return parseConnect(test::frameOf(PacketType::connect, body)); }

const std::string kMqtt4 = "\x00\x04MQTT\x04"s;
const std::string kTail = "\x00\xf0\x00\x05leaf1"s;  // keep-alive 240, client id

TEST(Connect, readsWhatAnAzureSphereDeviceSends) {
  const std::string username = "gateway.plant.example/leaf1/?api-version=2020-09-30";
  const std::string body = kMqtt4 + "\x80"s + kTail + "\x00"s + static_cast<char>(username.size()) + username;
  const auto connect = connectFrom(body);
  ASSERT_TRUE(connect) << connect.error().message();
  EXPECT_EQ(connect->clientId, "leaf1");
  EXPECT_FALSE(connect->cleanSession);
  EXPECT_EQ(connect->keepAliveSeconds, 240);
  EXPECT_EQ(connect->username, username);
  EXPECT_FALSE(connect->password);
  EXPECT_FALSE(connect->will);
}

TEST(Connect, readsEveryFieldInOrder) {
  const std::string body = kMqtt4 + "\xee"s + kTail + "\x00\x01w\x00\x02\x00\xff\x00\x01u\x00\x00"s;
  const auto connect = connectFrom(body);
  ASSERT_TRUE(connect) << connect.error().message();
  EXPECT_TRUE(connect->cleanSession);
  ASSERT_TRUE(connect->will);
  EXPECT_EQ(connect->will->topic, "w");
  EXPECT_EQ(base::asText(connect->will->payload), "\x00\xff"s);
  EXPECT_EQ(connect->will->qos, 1);
  EXPECT_TRUE(connect->will->retain);
  EXPECT_EQ(connect->username, "u");
  ASSERT_TRUE(connect->password);
  EXPECT_TRUE(connect->password->empty());
}

TEST(Connect, leavesAnEmptyClientIdToTheSession) {
  EXPECT_TRUE(connectFrom(kMqtt4 + "\x02\x00\x00\x00\x00"s));
  EXPECT_TRUE(connectFrom(kMqtt4 + "\x00\x00\x00\x00\x00"s));
}

TEST(Connect, tellsAnotherVersionFromAnotherProtocol) {
  EXPECT_EQ(errorOf(connectFrom("\x00\x04MQTT\x05"s)), Errc::badProtocolLevel);
  EXPECT_EQ(errorOf(connectFrom("\x00\x04MQTT\x03\x02"s + kTail)), Errc::badProtocolLevel);
  EXPECT_EQ(errorOf(connectFrom("\x00\x06MQIsdp\x03\x02"s + kTail)), Errc::badProtocolLevel);
  EXPECT_EQ(errorOf(connectFrom("\x00\x04mqtt\x04\x02"s + kTail)), Errc::badProtocolName);
  EXPECT_EQ(errorOf(connectFrom("\x00\x05MQTTX\x04\x02"s + kTail)), Errc::badProtocolName);
  EXPECT_EQ(errorOf(connectFrom("\x00\x00\x04\x02"s + kTail)), Errc::badProtocolName);
}

TEST(Connect, refusesFlagsThatContradict) {
  const auto withFlags = [](unsigned flags) { return errorOf(connectFrom(kMqtt4 + static_cast<char>(flags) + kTail)); };
  EXPECT_EQ(withFlags(0x01), Errc::badConnectFlags);         // reserved
  EXPECT_EQ(withFlags(0x08), Errc::badConnectFlags);         // will QoS without a will
  EXPECT_EQ(withFlags(0x20), Errc::badConnectFlags);         // will retain without a will
  EXPECT_EQ(withFlags(0x04 | 0x18), Errc::badConnectFlags);  // will QoS 3
  EXPECT_EQ(withFlags(0x40), Errc::badConnectFlags);         // password without a username
  EXPECT_FALSE(withFlags(0x02));
}

TEST(Connect, refusesStringsThatAreNotText) {
  EXPECT_EQ(errorOf(connectFrom(kMqtt4 + "\x02\x00\x00\x00\x01\xff"s)), Errc::badString);
  EXPECT_EQ(errorOf(connectFrom(kMqtt4 + "\x80"s + kTail + "\x00\x01\x00"s)), Errc::badString);
  EXPECT_EQ(errorOf(connectFrom(kMqtt4 + "\x04"s + kTail + "\x00\x01\xc0\x00\x00"s)), Errc::badString);
}

TEST(Connect, refusesAWillTopicNobodyMayPublishTo) {
  EXPECT_EQ(errorOf(connectFrom(kMqtt4 + "\x04"s + kTail + "\x00\x01#\x00\x00"s)), Errc::badTopic);
  EXPECT_EQ(errorOf(connectFrom(kMqtt4 + "\x04"s + kTail + "\x00\x00\x00\x00"s)), Errc::badTopic);
}

TEST(Connect, refusesEveryTruncationAndAnyExtraByte) {
  const std::string body = kMqtt4 + "\xee"s + kTail + "\x00\x01w\x00\x02\x00\xff\x00\x01u\x00\x01p"s;
  ASSERT_TRUE(connectFrom(body));
  for (std::size_t size = 0; size < body.size(); ++size) {
    EXPECT_EQ(errorOf(connectFrom(body.substr(0, size))), Errc::truncated) << size;
  }
  EXPECT_EQ(errorOf(connectFrom(body + "x")), Errc::trailingBytes);
}

TEST(Connect, survivesTheWire) {
  const std::string password(600, 'p');
  const Connect sent{.clientId = "leaf1",
                     .cleanSession = false,
                     .keepAliveSeconds = 1177,
                     .will = Will{"devices/leaf1/messages/events/", base::asBytes("gone"), 1, true},
                     .username = "hub/leaf1/?api-version=2021-04-12",
                     .password = base::asBytes(password)};
  base::Bytes bytes;
  appendConnect(bytes, sent);
  const auto read = parseConnect(test::firstFrame(bytes));
  ASSERT_TRUE(read) << read.error().message();
  EXPECT_EQ(read->clientId, sent.clientId);
  EXPECT_EQ(read->cleanSession, sent.cleanSession);
  EXPECT_EQ(read->keepAliveSeconds, sent.keepAliveSeconds);
  ASSERT_TRUE(read->will);
  EXPECT_EQ(read->will->topic, sent.will->topic);
  EXPECT_EQ(base::asText(read->will->payload), "gone");
  EXPECT_EQ(read->will->qos, 1);
  EXPECT_TRUE(read->will->retain);
  EXPECT_EQ(read->username, sent.username);
  ASSERT_TRUE(read->password);
  EXPECT_EQ(base::asText(*read->password), password);
}

TEST(Connack, readsCodeAndSession) {
  const auto connackFrom = [](const std::string& body) { return parseConnack(test::frameOf(PacketType::connack, body)); };
  const auto resumed = connackFrom("\x01\x00"s);
  ASSERT_TRUE(resumed);
  EXPECT_TRUE(resumed->sessionPresent);
  EXPECT_EQ(resumed->code, ConnackCode::accepted);
  const auto refused = connackFrom("\x01\x05"s);
  ASSERT_TRUE(refused);
  EXPECT_FALSE(refused->sessionPresent) << "a refused connection has no session";
  EXPECT_EQ(refused->code, ConnackCode::notAuthorized);
  EXPECT_EQ(errorOf(connackFrom("\x02\x00"s)), Errc::badFlags);
  EXPECT_EQ(errorOf(connackFrom("\x00\x06"s)), Errc::badReturnCode);
  EXPECT_EQ(errorOf(connackFrom("\x00"s)), Errc::truncated);
  EXPECT_EQ(errorOf(connackFrom("\x00\x00\x00"s)), Errc::trailingBytes);
}

}  // namespace
}  // namespace spheregate::mqtt
