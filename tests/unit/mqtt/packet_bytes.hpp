#pragma once

#include <initializer_list>
#include <string_view>

#include "spheregate/base/bytes.hpp"
#include "spheregate/mqtt/decoder.hpp"

namespace spheregate::mqtt::test {

inline constexpr std::size_t kLimit = 262'144;

// Bytes of a packet written as text: "\x30\x03"s reads better than a list of casts.
inline base::Bytes bytesOf(std::string_view text) {
  const base::ByteView view = base::asBytes(text);
  return {view.begin(), view.end()};
}

// A packet by its first byte and a body shorter than 128 bytes.
inline base::Bytes packet(unsigned first, std::string_view body) {
  base::Bytes bytes{static_cast<std::uint8_t>(first), static_cast<std::uint8_t>(body.size())};
  base::append(bytes, body);
  return bytes;
}

// A frame that skips `nextFrame`. `body` must outlive it.
inline Frame frameOf(PacketType type, std::string_view body, unsigned flags = 0) {
  return {type, static_cast<std::uint8_t>(flags), base::asBytes(body), body.size() + 2};
}

// The frame at the start of `bytes`; a default frame when there is none.
inline Frame firstFrame(base::ByteView bytes) {
  Frame frame;
  const auto found = nextFrame(bytes, kLimit, frame);
  return found && *found == Framing::complete ? frame : Frame{};
}

template <class T>
boost::system::error_code errorOf(const base::Result<T>& result) {
  return result ? boost::system::error_code{} : result.error();
}

}  // namespace spheregate::mqtt::test
