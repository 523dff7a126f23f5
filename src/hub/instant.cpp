#include "spheregate/hub/instant.hpp"

#include <algorithm>
#include <array>
#include <chrono>

namespace spheregate::hub {
namespace {

constexpr std::string_view kShape = "dddd-dd-ddTdd:dd:dd";

bool digit(char c) { return c >= '0' && c <= '9'; }

int number(std::string_view text, std::size_t from, std::size_t digits) {
  int value = 0;
  for (const char c : text.substr(from, digits)) value = value * 10 + (c - '0');
  return value;
}

bool utc(std::string_view rest) {
  if (rest.starts_with('.')) {
    rest.remove_prefix(1);
    const auto end = std::find_if_not(rest.begin(), rest.end(), digit);
    if (end == rest.begin()) return false;
    rest.remove_prefix(static_cast<std::size_t>(end - rest.begin()));
  }
  return rest.empty() || rest == "Z" || rest == "+00:00";
}

}  // namespace

std::optional<base::WallTime> parseInstant(std::string_view text) {
  if (text.size() < kShape.size()) return std::nullopt;
  const bool shaped = std::equal(kShape.begin(), kShape.end(), text.begin(), [](char shape, char c) { return shape == 'd' ? digit(c) : shape == c; });
  if (!shaped || !utc(text.substr(kShape.size()))) return std::nullopt;
  const std::chrono::year_month_day day{std::chrono::year{number(text, 0, 4)}, std::chrono::month{static_cast<unsigned>(number(text, 5, 2))},
                                        std::chrono::day{static_cast<unsigned>(number(text, 8, 2))}};
  const std::array clock{number(text, 11, 2), number(text, 14, 2), number(text, 17, 2)};
  if (!day.ok() || clock[0] > 23 || clock[1] > 59 || clock[2] > 60) return std::nullopt;
  // What the clock's type can say; a hub may mean "never" by the year 9999.
  constexpr std::chrono::year last{2200};
  constexpr std::chrono::year first{1970};
  const auto date = std::chrono::sys_days{std::clamp(day, first / 1 / 1, last / 12 / 31)};
  return date + std::chrono::hours{clock[0]} + std::chrono::minutes{clock[1]} + std::chrono::seconds{clock[2]};
}

}  // namespace spheregate::hub
