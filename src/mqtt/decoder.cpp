#include "spheregate/mqtt/decoder.hpp"

#include "reader.hpp"
#include "spheregate/mqtt/topics.hpp"
#include "swar.hpp"

namespace spheregate::mqtt {
namespace {

constexpr std::size_t kLengthBytesMax = 4;  // §2.2.3

bool knownType(unsigned type) {
  return type >= static_cast<unsigned>(PacketType::connect) && type <= static_cast<unsigned>(PacketType::disconnect);
}

// Table 2.2 of the specification.
bool validFlags(PacketType type, unsigned flags) {
  switch (type) {
    case PacketType::publish:
      return true;
    case PacketType::pubrel:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
      return flags == 2;
    default:
      return flags == 0;
  }
}

base::Result<void> judgeTopic(std::string_view topic) {
  const base::ByteView bytes = base::asBytes(topic);
  std::size_t judged = 0;
  while (judged + swar::kWidth <= bytes.size() && swar::plainTopic(swar::load(bytes.data() + judged))) judged += swar::kWidth;
  // The words that were plain ended between two characters, so the rest can be judged alone.
  const std::string_view rest = topic.substr(judged);
  if (!validString(rest)) return Errc::badString;
  if (topic.empty() || (!rest.empty() && !validTopicName(rest))) return Errc::badTopic;
  return {};
}

bool onlyPacketId(PacketType type) {
  return type == PacketType::puback || type == PacketType::pubrec || type == PacketType::pubrel || type == PacketType::pubcomp ||
         type == PacketType::unsuback;
}

base::Result<void> judgeFilter(std::string_view filter) {
  if (!validString(filter)) return Errc::badString;
  if (!validTopicFilter(filter)) return Errc::badFilter;
  return {};
}

}  // namespace

base::Result<Framing> nextFrame(base::ByteView buffer, std::size_t packetBytesMax, Frame& frame) {
  if (buffer.empty()) return Framing::incomplete;
  const unsigned typeNumber = buffer[0] >> 4;
  const unsigned flags = buffer[0] & 0x0fU;
  if (!knownType(typeNumber)) return Errc::badType;
  const auto type = static_cast<PacketType>(typeNumber);
  if (!validFlags(type, flags)) return Errc::badFlags;

  std::size_t length = 0;
  std::size_t lengthBytes = 0;
  for (bool more = true; more; ++lengthBytes) {
    if (lengthBytes == kLengthBytesMax) return Errc::malformedLength;
    if (1 + lengthBytes == buffer.size()) return Framing::incomplete;
    const std::uint8_t digit = buffer[1 + lengthBytes];
    length |= static_cast<std::size_t>(digit & 0x7f) << (7 * lengthBytes);
    more = (digit & 0x80) != 0;
  }

  const std::size_t headerBytes = 1 + lengthBytes;
  if (headerBytes + length > packetBytesMax) return Errc::tooLarge;
  if (headerBytes + length > buffer.size()) return Framing::incomplete;
  frame.type = type;
  frame.flags = static_cast<std::uint8_t>(flags);
  frame.body = buffer.subspan(headerBytes, length);
  frame.size = headerBytes + length;
  return Framing::complete;
}

base::Result<Publish> parsePublish(const Frame& frame) {
  if (frame.type != PacketType::publish) return Errc::badType;
  Publish publish;
  publish.retain = (frame.flags & 0x01) != 0;
  publish.qos = static_cast<std::uint8_t>((frame.flags >> 1) & 0x03);
  publish.dup = (frame.flags & 0x08) != 0;
  if (publish.qos == 3) return Errc::badQos;
  if (publish.dup && publish.qos == 0) return Errc::badFlags;  // §3.3.1-2

  Reader reader{frame.body};
  publish.topic = reader.string();
  if (publish.qos > 0) publish.packetId = reader.number();
  if (reader.failed()) return Errc::truncated;
  if (const auto judged = judgeTopic(publish.topic); !judged) return judged.error();
  if (publish.qos > 0 && publish.packetId == 0) return Errc::badPacketId;
  publish.payload = reader.remaining();
  return publish;
}

base::Result<PacketId> parsePacketId(const Frame& frame) {
  if (!onlyPacketId(frame.type)) return Errc::badType;
  Reader reader{frame.body};
  const PacketId id = reader.number();
  if (reader.failed()) return Errc::truncated;
  if (!reader.atEnd()) return Errc::trailingBytes;
  if (id == 0) return Errc::badPacketId;
  return id;
}

base::Result<void> parseEmpty(const Frame& frame) {
  if (frame.type != PacketType::pingreq && frame.type != PacketType::pingresp && frame.type != PacketType::disconnect) {
    return Errc::badType;
  }
  if (!frame.body.empty()) return Errc::trailingBytes;
  return {};
}

base::Result<Subscribe> parseSubscribe(const Frame& frame) {
  if (frame.type != PacketType::subscribe) return Errc::badType;
  Reader reader{frame.body};
  Subscribe subscribe;
  subscribe.packetId = reader.number();
  if (reader.failed()) return Errc::truncated;
  if (subscribe.packetId == 0) return Errc::badPacketId;
  if (reader.atEnd()) return Errc::emptyList;
  while (!reader.atEnd()) {
    Filter filter;
    filter.filter = reader.string();
    filter.qos = reader.byte();
    if (reader.failed()) return Errc::truncated;
    if (const auto judged = judgeFilter(filter.filter); !judged) return judged.error();
    if (filter.qos > 2) return Errc::badQos;  // the six upper bits are reserved too (§3.8.3-4)
    subscribe.filters.push_back(filter);
  }
  return subscribe;
}

base::Result<Suback> parseSuback(const Frame& frame) {
  if (frame.type != PacketType::suback) return Errc::badType;
  Reader reader{frame.body};
  Suback suback;
  suback.packetId = reader.number();
  if (reader.failed()) return Errc::truncated;
  if (suback.packetId == 0) return Errc::badPacketId;
  const base::ByteView codes = reader.remaining();
  if (codes.empty()) return Errc::emptyList;
  for (const std::uint8_t code : codes) {
    if (code > 2 && code != 0x80) return Errc::badReturnCode;  // §3.9.3-2
  }
  suback.codes.assign(codes.begin(), codes.end());
  return suback;
}

base::Result<Unsubscribe> parseUnsubscribe(const Frame& frame) {
  if (frame.type != PacketType::unsubscribe) return Errc::badType;
  Reader reader{frame.body};
  Unsubscribe unsubscribe;
  unsubscribe.packetId = reader.number();
  if (reader.failed()) return Errc::truncated;
  if (unsubscribe.packetId == 0) return Errc::badPacketId;
  if (reader.atEnd()) return Errc::emptyList;
  while (!reader.atEnd()) {
    const std::string_view filter = reader.string();
    if (reader.failed()) return Errc::truncated;
    if (const auto judged = judgeFilter(filter); !judged) return judged.error();
    unsubscribe.filters.push_back(filter);
  }
  return unsubscribe;
}

}  // namespace spheregate::mqtt
