#include "spheregate/mqtt/encoder.hpp"

#include <algorithm>
#include <array>

#include "spheregate/base/check.hpp"

namespace spheregate::mqtt {
namespace {

constexpr std::size_t kStringBytesMax = 65535;
constexpr std::size_t kRemainingLengthMax = 268'435'455;
constexpr std::size_t kLengthPrefix = 2;
constexpr std::size_t kPacketIdBytes = 2;

std::size_t lengthDigits(std::size_t length) {
  if (length < 128) return 1;
  if (length < 16'384) return 2;
  return length < 2'097'152 ? 3 : 4;
}

std::size_t stringBytes(std::size_t text) {
  SPHEREGATE_CHECK(text <= kStringBytesMax);
  return kLengthPrefix + text;
}

// Appends one packet. Room for all of it is made at once and in geometric steps: an outbox collects many packets, and exact
// reservations would copy it for each of them.
class Writer {
 public:
  Writer(base::Bytes& out, PacketType type, unsigned flags, std::size_t length) : out_{out} {
    SPHEREGATE_CHECK(length <= kRemainingLengthMax);
    const std::size_t size = out.size() + 1 + lengthDigits(length) + length;
    if (size > out.capacity()) out.reserve(std::max(size, 2 * out.capacity()));

    std::array<std::uint8_t, 5> header{};
    header[0] = static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags);
    std::size_t used = 1;
    do {
      header[used++] = static_cast<std::uint8_t>((length & 0x7f) | (length > 0x7f ? 0x80 : 0));
      length >>= 7;
    } while (length != 0);
    base::append(out, base::ByteView{header}.first(used));
  }

  void byte(unsigned value) { out_.push_back(static_cast<std::uint8_t>(value)); }

  void number(std::size_t value) {
    const std::array<std::uint8_t, 2> bytes{static_cast<std::uint8_t>(value >> 8), static_cast<std::uint8_t>(value)};
    base::append(out_, base::ByteView{bytes});
  }

  void packetId(PacketId id) {
    SPHEREGATE_CHECK(id != 0);
    number(id);
  }

  void raw(base::ByteView bytes) { base::append(out_, bytes); }

  void binary(base::ByteView bytes) {
    number(bytes.size());
    raw(bytes);
  }

  void string(std::string_view text) { binary(base::asBytes(text)); }

 private:
  base::Bytes& out_;
};

void appendPacketId(base::Bytes& out, PacketType type, PacketId id) {
  Writer writer{out, type, 0, kPacketIdBytes};
  writer.packetId(id);
}

unsigned connectFlags(const Connect& connect) {
  unsigned flags = connect.cleanSession ? 0x02U : 0U;
  if (connect.will) {
    SPHEREGATE_CHECK(connect.will->qos <= 2);
    flags |= 0x04U | static_cast<unsigned>(connect.will->qos) << 3 | (connect.will->retain ? 0x20U : 0U);
  }
  SPHEREGATE_CHECK(connect.username || !connect.password);
  if (connect.password) flags |= 0x40U;
  if (connect.username) flags |= 0x80U;
  return flags;
}

std::size_t publishLength(std::size_t topicBytes, std::size_t payloadBytes, std::uint8_t qos) {
  return kLengthPrefix + topicBytes + (qos > 0 ? kPacketIdBytes : 0) + payloadBytes;
}

}  // namespace

void appendConnect(base::Bytes& out, const Connect& connect) {
  constexpr std::string_view protocol = "MQTT";
  constexpr unsigned level = 4;
  std::size_t length = stringBytes(protocol.size()) + 1 + 1 + 2 + stringBytes(connect.clientId.size());
  if (connect.will) length += stringBytes(connect.will->topic.size()) + stringBytes(connect.will->payload.size());
  if (connect.username) length += stringBytes(connect.username->size());
  if (connect.password) length += stringBytes(connect.password->size());

  Writer writer{out, PacketType::connect, 0, length};
  writer.string(protocol);
  writer.byte(level);
  writer.byte(connectFlags(connect));
  writer.number(connect.keepAliveSeconds);
  writer.string(connect.clientId);
  if (connect.will) {
    writer.string(connect.will->topic);
    writer.binary(connect.will->payload);
  }
  if (connect.username) writer.string(*connect.username);
  if (connect.password) writer.binary(*connect.password);
}

void appendConnack(base::Bytes& out, const Connack& connack) {
  SPHEREGATE_CHECK(connack.code == ConnackCode::accepted || !connack.sessionPresent);  // §3.2.2-4
  Writer writer{out, PacketType::connack, 0, 2};
  writer.byte(connack.sessionPresent ? 1 : 0);
  writer.byte(static_cast<unsigned>(connack.code));
}

void appendPublish(base::Bytes& out, const Publish& publish) { appendPublish(out, publish, {publish.topic}); }

void appendPublish(base::Bytes& out, const Publish& publish, std::initializer_list<std::string_view> topicParts) {
  SPHEREGATE_CHECK(publish.qos <= 2 && (publish.qos > 0 || !publish.dup));
  std::size_t topicBytes = 0;
  for (const std::string_view part : topicParts) topicBytes += part.size();
  SPHEREGATE_CHECK(topicBytes > 0 && topicBytes <= kStringBytesMax);

  const unsigned flags = (publish.dup ? 0x08U : 0U) | static_cast<unsigned>(publish.qos) << 1 | (publish.retain ? 0x01U : 0U);
  Writer writer{out, PacketType::publish, flags, publishLength(topicBytes, publish.payload.size(), publish.qos)};
  writer.number(topicBytes);
  for (const std::string_view part : topicParts) writer.raw(base::asBytes(part));
  if (publish.qos > 0) writer.packetId(publish.packetId);
  writer.raw(publish.payload);
}

void appendPuback(base::Bytes& out, PacketId id) { appendPacketId(out, PacketType::puback, id); }

void appendSubscribe(base::Bytes& out, const Subscribe& subscribe) {
  SPHEREGATE_CHECK(!subscribe.filters.empty());
  std::size_t length = kPacketIdBytes;
  for (const Filter& filter : subscribe.filters) length += stringBytes(filter.filter.size()) + 1;
  Writer writer{out, PacketType::subscribe, 2, length};
  writer.packetId(subscribe.packetId);
  for (const Filter& filter : subscribe.filters) {
    SPHEREGATE_CHECK(filter.qos <= 2);
    writer.string(filter.filter);
    writer.byte(filter.qos);
  }
}

void appendSuback(base::Bytes& out, const Suback& suback) {
  SPHEREGATE_CHECK(!suback.codes.empty());
  Writer writer{out, PacketType::suback, 0, kPacketIdBytes + suback.codes.size()};
  writer.packetId(suback.packetId);
  writer.raw(suback.codes);
}

void appendUnsubscribe(base::Bytes& out, const Unsubscribe& unsubscribe) {
  SPHEREGATE_CHECK(!unsubscribe.filters.empty());
  std::size_t length = kPacketIdBytes;
  for (const std::string_view filter : unsubscribe.filters) length += stringBytes(filter.size());
  Writer writer{out, PacketType::unsubscribe, 2, length};
  writer.packetId(unsubscribe.packetId);
  for (const std::string_view filter : unsubscribe.filters) writer.string(filter);
}

void appendUnsuback(base::Bytes& out, PacketId id) { appendPacketId(out, PacketType::unsuback, id); }

void appendPingreq(base::Bytes& out) { Writer{out, PacketType::pingreq, 0, 0}; }

void appendPingresp(base::Bytes& out) { Writer{out, PacketType::pingresp, 0, 0}; }

void appendDisconnect(base::Bytes& out) { Writer{out, PacketType::disconnect, 0, 0}; }

std::size_t publishSize(std::size_t topicBytes, std::size_t payloadBytes, std::uint8_t qos) {
  const std::size_t length = publishLength(topicBytes, payloadBytes, qos);
  return 1 + lengthDigits(length) + length;
}

}  // namespace spheregate::mqtt
