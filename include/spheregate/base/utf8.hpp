#pragma once

#include <cstddef>
#include <string_view>

namespace spheregate::base {

// What a text begins with. A byte that belongs to no character (§3.9 of the Unicode standard: no overlong forms, no surrogates)
// counts as one by itself.
struct Utf8Character {
  char32_t code = 0;
  std::size_t bytes = 0;
  bool valid = false;
};

// Of a text that is not empty.
Utf8Character firstCharacter(std::string_view text);

// Characters that a terminal or a reader would obey instead of showing: controls, line separators, and the marks that turn the
// direction of what stands around them.
bool obeyed(char32_t code);

// As much of the beginning as fits into `bytesMax`, without cutting a character in two.
std::string_view clipUtf8(std::string_view text, std::size_t bytesMax);

}  // namespace spheregate::base
