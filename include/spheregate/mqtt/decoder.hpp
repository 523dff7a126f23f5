#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "spheregate/base/bytes.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::mqtt {

// Why a peer's bytes were refused. Every one of them means: close the connection (MQTT 3.1.1 §4.8).
enum class Errc {
  malformedLength = 1,  // remaining length over four bytes
  tooLarge,             // larger than the limit given
  badType,              // type 0 or 15, or one this side never receives
  badFlags,             // reserved bits of the fixed header
  truncated,            // a field runs past the end of the packet
  trailingBytes,        // bytes after the last field
  badProtocolName,
  badProtocolLevel,  // answered with CONNACK 1 before closing
  badConnectFlags,
  badString,      // not UTF-8, or contains U+0000 (§1.5.3)
  badTopic,       // empty, or with a wildcard in a PUBLISH (§3.3.2-2)
  badFilter,      // empty, or wildcards out of place (§4.7.1)
  badPacketId,    // zero where one is required
  badQos,         // 3, or SUBSCRIBE over 2
  emptyList,      // SUBSCRIBE or UNSUBSCRIBE without a filter, SUBACK without a code
  badReturnCode,  // a code of CONNACK or SUBACK that the protocol does not define
};
boost::system::error_code make_error_code(Errc code);

// One packet found at the start of a buffer, not yet looked into.
struct Frame {
  PacketType type{};
  std::uint8_t flags = 0;  // low four bits of the first byte
  base::ByteView body;     // variable header and payload
  std::size_t size = 0;    // the whole packet, fixed header included
};

enum class Framing { complete, incomplete };

// Looks for one packet at the start of `buffer`. `incomplete`: wait for more bytes; nothing was consumed. A packet larger than
// `packetBytesMax` (fixed header included) fails as soon as its length is known. Also checks type and reserved flags (§2.2.2).
[[nodiscard]] base::Result<Framing> nextFrame(base::ByteView buffer, std::size_t packetBytesMax, Frame& frame);

[[nodiscard]] base::Result<Connect> parseConnect(const Frame& frame);
[[nodiscard]] base::Result<Connack> parseConnack(const Frame& frame);
[[nodiscard]] base::Result<Publish> parsePublish(const Frame& frame);
// PUBACK, UNSUBACK and other packets that are only a packet id.
[[nodiscard]] base::Result<PacketId> parsePacketId(const Frame& frame);
[[nodiscard]] base::Result<Subscribe> parseSubscribe(const Frame& frame);
[[nodiscard]] base::Result<Suback> parseSuback(const Frame& frame);
[[nodiscard]] base::Result<Unsubscribe> parseUnsubscribe(const Frame& frame);
// PINGREQ, PINGRESP and DISCONNECT: an empty body.
[[nodiscard]] base::Result<void> parseEmpty(const Frame& frame);

// Strict UTF-8 as §1.5.3 wants it: no overlong forms, no surrogates, no U+0000.
[[nodiscard]] bool validString(std::string_view text);

}  // namespace spheregate::mqtt

template <>
struct boost::system::is_error_code_enum<spheregate::mqtt::Errc> : std::true_type {};
