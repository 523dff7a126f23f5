#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spheregate::config {

// `250ms`, `30s`, `5m`, `1h`, `7d`; `0` needs no unit. Nothing for everything else, also for what does not fit.
std::optional<std::chrono::milliseconds> parseDuration(std::string_view text);
// In the largest unit that is exact.
std::string durationText(std::chrono::milliseconds duration);

// `1024`, `64KiB`, `256MiB`, `1GiB`.
std::optional<std::uint64_t> parseSize(std::string_view text);
std::string sizeText(std::uint64_t bytes);

std::optional<std::uint64_t> parseWhole(std::string_view text);
// Decimal, without exponent.
std::optional<double> parseReal(std::string_view text);
std::string realText(double number);

}  // namespace spheregate::config
