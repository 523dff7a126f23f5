#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "spheregate/upstream/link.hpp"

// When all devices speak through the gateway's one identity, an application property says whose message it is.
namespace spheregate::upstream {

inline constexpr std::string_view kOriginKey = "spheregate-device";

// How many bytes naming the origin adds to a message at most, as a topic counts them.
[[nodiscard]] std::size_t originBytes(std::string_view deviceId);

// Why the hub must not get such a message with its origin named; nothing when it may.
[[nodiscard]] std::optional<Objection> originObjection(std::string_view deviceId, std::string_view suffix, std::size_t payloadBytes);

}  // namespace spheregate::upstream
