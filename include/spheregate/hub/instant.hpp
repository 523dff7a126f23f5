#pragma once

#include <optional>
#include <string_view>

#include "spheregate/base/clock.hpp"

namespace spheregate::hub {

// A moment as IoT Hub writes it, for example in `$.exp`: ISO 8601, `2026-03-01T12:00:00.1234567Z`, the fraction optional, in UTC
// (`Z`, `+00:00`, or nothing). To the second, rounded down.
[[nodiscard]] std::optional<base::WallTime> parseInstant(std::string_view text);

}  // namespace spheregate::hub
