#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

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

// Cloud to device: body and properties of one message, messages waiting for one device.
inline constexpr std::size_t kCloudMessageBytesMax = 64 * 1024;
inline constexpr std::size_t kMailboxMessagesMax = 50;
// What MQTT allows a topic. Topics made of what a peer said are measured before they are written.
inline constexpr std::size_t kTopicBytesMax = 65535;
inline constexpr std::size_t kRidBytesMax = 1024;

// Twins: keys and values of a section together.
inline constexpr std::size_t kTagsBytesMax = 8 * 1024;
inline constexpr std::size_t kPropertiesBytesMax = 32 * 1024;

inline constexpr std::size_t kMethodNameBytesMax = 100;
inline constexpr std::size_t kMethodPayloadBytesMax = 128 * 1024;
inline constexpr std::size_t kMethodCallsMax = 1000;
inline constexpr std::chrono::seconds kMethodTimeoutMin{5};
inline constexpr std::chrono::seconds kMethodTimeoutMax{300};
inline constexpr std::chrono::seconds kMethodTimeout{30};

// Answers one connection may be owed while a fault switch holds them back, and bytes it may leave unread; above, it is closed.
inline constexpr std::size_t kDelayedAnswersMax = 1000;
inline constexpr std::size_t kUnreadBytesMax = 8 * 1024 * 1024;
static_assert(kUnreadBytesMax > kMailboxMessagesMax * (kCloudMessageBytesMax + kTopicBytesMax) / 2);

// The provisioning service takes a register request with a payload of its device, and no more.
inline constexpr std::size_t kDpsPacketBytesMax = 64 * 1024;

// A switch that is a text.
inline constexpr std::size_t kSwitchTextBytesMax = 1024;

// The HTTP request that asks for a WebSocket.
inline constexpr std::size_t kWebSocketRequestBytesMax = 16 * 1024;

// JSON of a peer, before anything walks it recursively.
inline constexpr std::size_t kJsonDepthMax = 64;
// An on-behalf-of chain: the device and the edges above it.
inline constexpr std::size_t kAuthChainMax = 6;

// Kept for the tests that look; the oldest are forgotten.
inline constexpr std::size_t kOutcomesMax = 100'000;
inline constexpr std::size_t kLoggedConnectsMax = 100'000;
// A client id that was refused may be as long as MQTT allows; a module's valid one has two ids in it.
inline constexpr std::size_t kLoggedIdBytesMax = 260;
inline constexpr std::size_t kTranscriptPacketsMax = 500'000;
inline constexpr std::size_t kTranscriptBytesMax = 64 * 1024 * 1024;
// Devices with a twin and a queue, in the registry or not.
inline constexpr std::size_t kDevicesMax = 100'000;

// Messages in one answer of GET /messages.
inline constexpr std::size_t kMessagesPerAnswerMax = 100'000;
inline constexpr std::size_t kControlBodyBytesMax = 1024 * 1024;
// The properties of a cloud-to-device message travel in headers.
inline constexpr std::uint32_t kControlHeaderBytesMax = 128 * 1024;
static_assert(kControlHeaderBytesMax > kCloudMessageBytesMax);

}  // namespace spheregate::hubsim
