#pragma once

#include <chrono>
#include <cstddef>
#include <string_view>

namespace spheregate::app {

// Defined once, in CMakeLists.txt.
inline constexpr const char* kVersion = SPHEREGATE_VERSION;

// `2026-05-01`: 0:00 UTC of that day.
constexpr std::chrono::sys_seconds dayOf(std::string_view text) {
  const auto number = [text](std::size_t at, std::size_t digits) {
    int value = 0;
    for (const char digit : text.substr(at, digits)) value = value * 10 + (digit - '0');
    return value;
  };
  return std::chrono::sys_days{std::chrono::year{number(0, 4)} / number(5, 2) / number(8, 2)};
}
// Not later than the release of this version, so no clock can rightly be before it.
inline constexpr std::chrono::system_clock::time_point kReleaseDate = dayOf(SPHEREGATE_RELEASE_DATE);

}  // namespace spheregate::app
