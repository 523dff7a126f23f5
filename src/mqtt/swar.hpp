#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

// Eight bytes of text judged in one register. A telemetry topic is about 170 bytes and every PUBLISH has one, so the usual
// topic (ASCII, no wildcard) has to be cheap to recognise; whatever is not usual takes the exact way.
namespace spheregate::mqtt::swar {

using Word = std::uint64_t;
inline constexpr std::size_t kWidth = sizeof(Word);
inline constexpr Word kOnes = 0x0101010101010101U;
inline constexpr Word kHighs = 0x8080808080808080U;

inline Word load(const std::uint8_t* from) {
  Word word = 0;
  std::memcpy(&word, from, kWidth);
  return word;
}

// High bits appear when a byte is zero or not ASCII. A borrow out of a zero byte can only add more of them.
inline Word unusual(Word word) { return (word | (word - kOnes)) & kHighs; }

inline bool plainAscii(Word word) { return unusual(word) == 0; }

// High bits appear when a byte equals `wanted`; exact when every byte of `word` is ASCII.
inline Word equals(Word word, char wanted) { return ((word ^ (kOnes * static_cast<Word>(wanted))) - kOnes) & kHighs; }

// ASCII without U+0000, `+` and `#`.
inline bool plainTopic(Word word) { return (unusual(word) | equals(word, '+') | equals(word, '#')) == 0; }

}  // namespace spheregate::mqtt::swar
