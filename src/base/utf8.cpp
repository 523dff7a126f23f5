#include "spheregate/base/utf8.hpp"

#include <algorithm>

namespace spheregate::base {
namespace {

bool continues(char raw) { return (static_cast<unsigned char>(raw) & 0xc0) == 0x80; }

// By the first byte; 0 when no character begins with it.
std::size_t lengthOf(unsigned char first) {
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return 2;
  if (first >= 0xe0 && first < 0xf0) return 3;
  return first >= 0xf0 && first < 0xf5 ? 4 : 0;
}

}  // namespace

Utf8Character firstCharacter(std::string_view text) {
  const auto first = static_cast<unsigned char>(text.front());
  const Utf8Character broken{.code = first, .bytes = 1, .valid = false};
  const std::size_t length = lengthOf(first);
  if (length == 1) return {.code = first, .bytes = 1, .valid = true};
  if (length == 0 || length > text.size()) return broken;
  char32_t code = first & (0xffu >> (length + 1));
  for (const char raw : text.substr(1, length - 1)) {
    if (!continues(raw)) return broken;
    code = code << 6 | (static_cast<unsigned char>(raw) & 0x3fu);
  }
  const bool overlong = (length == 3 && code < 0x800) || (length == 4 && code < 0x10000);
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  if (overlong || surrogate || code > 0x10ffff) return broken;
  return {.code = code, .bytes = length, .valid = true};
}

bool obeyed(char32_t code) {
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return true;
  const bool separator = code == 0x2028 || code == 0x2029;
  const bool mark = code == 0x061c || code == 0x200e || code == 0x200f;
  return separator || mark || (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
}

std::string_view clipUtf8(std::string_view text, std::size_t bytesMax) {
  if (text.size() <= bytesMax) return text;
  // A character has at most three bytes behind its first; what is longer is not UTF-8 and may be cut anywhere.
  constexpr std::size_t kFollowersMax = 3;
  const std::size_t least = bytesMax - std::min(bytesMax, kFollowersMax);
  std::size_t end = bytesMax;
  while (end > least && continues(text[end])) --end;
  return text.substr(0, continues(text[end]) ? bytesMax : end);
}

}  // namespace spheregate::base
