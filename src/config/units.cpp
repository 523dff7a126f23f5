#include "spheregate/config/units.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace spheregate::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t worth;
};

// The smallest first.
constexpr std::array<Unit, 5> kTimes{{{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::array<Unit, 4> kSizes{{{"", 1}, {"KiB", 1u << 10}, {"MiB", 1u << 20}, {"GiB", 1u << 30}}};
// Small enough for every clock and every file offset.
constexpr std::uint64_t kAmountMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

template <class Units>
std::optional<std::uint64_t> parseAmount(std::string_view text, const Units& units) {
  const auto digits = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parseWhole(text.substr(0, digits));
  if (!number) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != text.substr(digits)) continue;
    if (*number > kAmountMax / unit.worth) return std::nullopt;
    return *number * unit.worth;
  }
  return std::nullopt;
}

template <class Units>
std::string amountText(std::uint64_t amount, const Units& units) {
  const Unit* best = &units.front();
  for (const Unit& unit : units) {
    if (amount != 0 && amount % unit.worth == 0) best = &unit;
  }
  return std::to_string(amount / best->worth).append(best->name);
}

}  // namespace

std::optional<std::chrono::milliseconds> parseDuration(std::string_view text) {
  if (text == "0") return std::chrono::milliseconds{0};
  const auto amount = parseAmount(text, kTimes);
  if (!amount) return std::nullopt;
  return std::chrono::milliseconds{static_cast<std::int64_t>(*amount)};
}

std::string durationText(std::chrono::milliseconds duration) {
  if (duration.count() == 0) return "0";
  return amountText(static_cast<std::uint64_t>(duration.count()), kTimes);
}

std::optional<std::uint64_t> parseSize(std::string_view text) { return parseAmount(text, kSizes); }

std::string sizeText(std::uint64_t bytes) { return amountText(bytes, kSizes); }

std::optional<std::uint64_t> parseWhole(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<double> parseReal(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::string realText(double number) {
  std::array<char, 64> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
  return error == std::errc{} ? std::string{text.data(), end} : std::string{};
}

}  // namespace spheregate::config
