#pragma once

#include <chrono>
#include <cstddef>

namespace spheregate::hubsim {

// IoT Hub: 256 KB for body, property names and property values together.
inline constexpr std::size_t kMessageBytesMax = 256 * 1024;
// A PUBLISH of a full message whose topic is as long as MQTT allows, with the fixed header, topic length and packet id.
inline constexpr std::size_t kPacketBytesMax = kMessageBytesMax + 65535 + 9;
// Client id, username and password are short; only a will makes a CONNECT large.
inline constexpr std::size_t kConnectBytesMax = 128 * 1024;
static_assert(kConnectBytesMax < kPacketBytesMax);

inline constexpr std::chrono::seconds kHandshakeTimeout{30};
inline constexpr std::chrono::seconds kConnectTimeout{30};
// IoT Hub never waits longer for a silent client, 1.5 x keep-alive or not.
inline constexpr std::chrono::seconds kSilenceMax{1767};
// Tokens may claim to live for ever; a wait may not.
inline constexpr std::chrono::hours kTokenLifeMax{24 * 365};
// How long a closing connection may take to hand over its last bytes.
inline constexpr std::chrono::seconds kCloseTimeout{2};

// Messages in one answer of GET /messages.
inline constexpr std::size_t kMessagesPerAnswerMax = 100'000;
inline constexpr std::size_t kControlBodyBytesMax = 1024 * 1024;

}  // namespace spheregate::hubsim
