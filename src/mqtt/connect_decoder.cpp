#include "reader.hpp"
#include "spheregate/mqtt/decoder.hpp"
#include "spheregate/mqtt/topics.hpp"

namespace spheregate::mqtt {
namespace {

constexpr std::uint8_t kProtocolLevel = 4;

// The bits of §3.1.2.3, and whether they agree with each other.
struct ConnectFlags {
  explicit ConnectFlags(std::uint8_t bits)
      : reserved{(bits & 0x01) != 0},
        cleanSession{(bits & 0x02) != 0},
        will{(bits & 0x04) != 0},
        willQos{static_cast<std::uint8_t>((bits >> 3) & 0x03)},
        willRetain{(bits & 0x20) != 0},
        password{(bits & 0x40) != 0},
        username{(bits & 0x80) != 0} {}

  bool valid() const {
    if (reserved || willQos == 3) return false;
    if (!will && (willQos != 0 || willRetain)) return false;  // §3.1.2-13, §3.1.2-15
    return username || !password;                             // §3.1.2-22
  }

  bool reserved;
  bool cleanSession;
  bool will;
  std::uint8_t willQos;
  bool willRetain;
  bool password;
  bool username;
};

base::Result<void> judgeProtocol(Reader& reader) {
  const std::string_view name = reader.string();
  if (reader.failed()) return Errc::truncated;
  // MQIsdp is MQTT 3.1: a real client of another version deserves the CONNACK that says so.
  const bool known = name == "MQTT" || name == "MQIsdp";
  if (!known) return Errc::badProtocolName;
  const std::uint8_t level = reader.byte();
  if (reader.failed()) return Errc::truncated;
  if (name != "MQTT" || level != kProtocolLevel) return Errc::badProtocolLevel;
  return {};
}

base::Result<Will> readWill(Reader& reader, const ConnectFlags& flags) {
  Will will;
  will.topic = reader.string();
  will.payload = reader.binary();
  if (reader.failed()) return Errc::truncated;
  if (!validString(will.topic)) return Errc::badString;
  if (!validTopicName(will.topic)) return Errc::badTopic;
  will.qos = flags.willQos;
  will.retain = flags.willRetain;
  return will;
}

base::Result<void> readCredentials(Reader& reader, const ConnectFlags& flags, Connect& connect) {
  if (flags.username) connect.username = reader.string();
  if (flags.password) connect.password = reader.binary();
  if (reader.failed()) return Errc::truncated;
  if (connect.username && !validString(*connect.username)) return Errc::badString;
  return {};
}

}  // namespace

base::Result<Connect> parseConnect(const Frame& frame) {
  if (frame.type != PacketType::connect) return Errc::badType;
  Reader reader{frame.body};
  if (const auto judged = judgeProtocol(reader); !judged) return judged.error();

  Connect connect;
  const ConnectFlags flags{reader.byte()};
  connect.keepAliveSeconds = reader.number();
  if (reader.failed()) return Errc::truncated;
  if (!flags.valid()) return Errc::badConnectFlags;
  connect.cleanSession = flags.cleanSession;

  connect.clientId = reader.string();
  if (reader.failed()) return Errc::truncated;
  if (!validString(connect.clientId)) return Errc::badString;
  if (flags.will) {
    const auto will = readWill(reader, flags);
    if (!will) return will.error();
    connect.will = *will;
  }
  if (const auto read = readCredentials(reader, flags, connect); !read) return read.error();
  if (!reader.atEnd()) return Errc::trailingBytes;
  return connect;
}

base::Result<Connack> parseConnack(const Frame& frame) {
  if (frame.type != PacketType::connack) return Errc::badType;
  Reader reader{frame.body};
  const std::uint8_t flags = reader.byte();
  const std::uint8_t code = reader.byte();
  if (reader.failed()) return Errc::truncated;
  if (!reader.atEnd()) return Errc::trailingBytes;
  if (flags > 1) return Errc::badFlags;
  if (code > static_cast<std::uint8_t>(ConnackCode::notAuthorized)) return Errc::badReturnCode;
  Connack connack;
  connack.code = static_cast<ConnackCode>(code);
  // A refused connection has no session, whatever the bit says (§3.2.2-4); the code matters more than the slip.
  connack.sessionPresent = flags == 1 && connack.code == ConnackCode::accepted;
  return connack;
}

}  // namespace spheregate::mqtt
