#include <cstdint>

#include "spheregate/mqtt/decoder.hpp"
#include "swar.hpp"

namespace spheregate::mqtt {
namespace {

// The range of the second byte and the length of a sequence, by its first byte: table 3-7 of the Unicode standard. The narrowed
// second bytes are what keeps out overlong forms, surrogates and everything above U+10FFFF.
struct Lead {
  std::size_t length;
  std::uint8_t low;
  std::uint8_t high;
};

Lead judgeLead(std::uint8_t byte) {
  if (byte < 0xc2) return {0, 0, 0};
  if (byte < 0xe0) return {2, 0x80, 0xbf};
  if (byte == 0xe0) return {3, 0xa0, 0xbf};
  if (byte == 0xed) return {3, 0x80, 0x9f};
  if (byte < 0xf0) return {3, 0x80, 0xbf};
  if (byte == 0xf0) return {4, 0x90, 0xbf};
  if (byte < 0xf4) return {4, 0x80, 0xbf};
  if (byte == 0xf4) return {4, 0x80, 0x8f};
  return {0, 0, 0};
}

// Length of the valid sequence at the start of `text`, 0 when there is none.
std::size_t sequence(base::ByteView text) {
  const Lead lead = judgeLead(text[0]);
  if (lead.length == 0 || lead.length > text.size()) return 0;
  if (text[1] < lead.low || text[1] > lead.high) return 0;
  for (std::size_t i = 2; i < lead.length; ++i) {
    if ((text[i] & 0xc0) != 0x80) return 0;
  }
  return lead.length;
}

}  // namespace

bool validString(std::string_view text) {
  base::ByteView rest = base::asBytes(text);
  while (!rest.empty()) {
    if (rest.size() >= swar::kWidth && swar::plainAscii(swar::load(rest.data()))) {
      rest = rest.subspan(swar::kWidth);
      continue;
    }
    if (rest[0] == 0) return false;
    const std::size_t length = rest[0] < 0x80 ? 1 : sequence(rest);
    if (length == 0) return false;
    rest = rest.subspan(length);
  }
  return true;
}

}  // namespace spheregate::mqtt
