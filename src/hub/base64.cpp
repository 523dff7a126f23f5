#include "spheregate/hub/base64.hpp"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdint>

namespace spheregate::hub {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kWhiteSpace = " \t\r\n\v\f";

// Up to four digits on their way to three bytes.
struct Group {
  std::uint32_t bits = 0;
  unsigned digits = 0;
  unsigned padding = 0;

  bool take(char c) {
    const std::size_t value = kAlphabet.find(c);
    if (value == std::string_view::npos || padding > 0) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    ++digits;
    return true;
  }

  bool full() const { return digits + padding == 4; }

  bool flushInto(base::Bytes& bytes) {
    if (digits < 2) return false;
    const unsigned count = digits - 1;
    const std::uint32_t aligned = bits << (6 * padding);
    const std::uint32_t beyond = 0xffffffU >> (8 * count);
    if ((aligned & beyond) != 0) return false;
    for (unsigned i = 0; i < count; ++i) bytes.push_back(static_cast<std::uint8_t>(aligned >> (16 - 8 * i)));
    return true;
  }
};

bool decodeInto(std::string_view text, base::Bytes& bytes) {
  Group group;
  bool ended = false;
  for (const char c : text) {
    if (kWhiteSpace.find(c) != std::string_view::npos) continue;
    if (ended) return false;
    if (c == '=') {
      ++group.padding;
    } else if (!group.take(c)) {
      return false;
    }
    if (!group.full()) continue;
    if (!group.flushInto(bytes)) return false;
    ended = group.padding > 0;
    group = {};
  }
  return group.digits + group.padding == 0;
}

}  // namespace

std::string base64Encode(base::ByteView bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (; !bytes.empty(); bytes = bytes.subspan(std::min<std::size_t>(3, bytes.size()))) {
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) bits = bits << 8 | (i < bytes.size() ? bytes[i] : 0U);
    for (std::size_t i = 0; i < 4; ++i) text += i <= bytes.size() ? kAlphabet[bits >> (18 - 6 * i) & 0x3f] : '=';
  }
  return text;
}

std::optional<base::Bytes> base64Decode(std::string_view text) {
  base::Bytes bytes;
  bytes.reserve(text.size() / 4 * 3 + 3);  // once, so that no copy of a key stays behind
  if (decodeInto(text, bytes)) return bytes;
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return std::nullopt;
}

}  // namespace spheregate::hub
