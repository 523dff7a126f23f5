#include "printable.hpp"

#include <cstddef>
#include <cstdint>

#include "spheregate/base/utf8.hpp"

namespace spheregate::tls {
namespace {

constexpr std::size_t kTextBytesMax = 256;

}  // namespace

std::string printable(std::string_view text, bool utf8) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char raw : text) {
    const auto byte = static_cast<std::uint8_t>(raw);
    if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      if (raw == '\\') out += '\\';
      out += raw;
    }
  }
  return out;
}

std::string clipped(std::string_view text) {
  if (text.size() <= kTextBytesMax) return std::string{text};
  constexpr std::string_view more = "\u2026";
  return std::string{base::clipUtf8(text, kTextBytesMax - more.size())}.append(more);
}

}  // namespace spheregate::tls
