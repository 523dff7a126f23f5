#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spheregate::hub {

// Why IoT Hub would refuse this patch of reported properties, in a sentence; nothing when it would take it. The limits are those of
// the developer guide: 32 KB, ten levels, names of at most 1 KB without control characters, `.`, `$` and space, strings of at most
// 4 KB, integers of 53 bits, no null in an array. What a sentence quotes is safe to stand in JSON.
[[nodiscard]] std::optional<std::string> reportedPatchFault(std::string_view json);

}  // namespace spheregate::hub
