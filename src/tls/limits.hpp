#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace spheregate::tls {

// How much one connection may read before the others have their turn.
inline constexpr std::size_t kReadTurnBytes = 64 * 1024;

// What OpenSSL asks the socket for at once; the buffer exists only while it holds something.
inline constexpr std::size_t kRecordsBufferBytes = 32 * 1024;

// What a device may send as its chain. A chain of four certificates has some 8 KiB; OpenSSL would take 100.
inline constexpr long kPeerChainBytesMax = 32 * 1024;

// How long a closed connection waits for its peer to take what is left.
inline constexpr std::chrono::seconds kLingerMax{5};

// How long a peer that was told goodbye may go on sending before the socket is closed under it.
inline constexpr std::chrono::seconds kFarewellMax{2};

inline constexpr int kListenBacklog = 4096;

// Connections accepted before the rest of the loop has its turn.
inline constexpr int kAcceptTurnMax = 32;

// Rest after the system refused another descriptor.
inline constexpr std::chrono::milliseconds kAcceptRest{250};

// Sources and kinds of refusal that are remembered, the least recent forgotten first.
inline constexpr std::size_t kSourcesMax = 4096;
inline constexpr std::size_t kRefusalsMax = 4096;

// The header of an HTTP answer, of a proxy to CONNECT or of the hub to the upgrade.
inline constexpr std::uint32_t kHttpHeaderBytesMax = 8 * 1024;

// What is taken of a refused upgrade, error page included.
inline constexpr std::size_t kUpgradeAnswerBytesMax = 16 * 1024;

// A WebSocket message of the hub. It is read in pieces, so that this much is never in memory.
inline constexpr std::size_t kHubMessageBytesMax = 16 * 1024 * 1024;

// A WebSocket message to the hub, one frame each. The SDKs send up to 256 KiB in one.
inline constexpr std::size_t kFrameBytesMax = 64 * 1024;

// What a WebSocket reads at once; each connection has its own, also while nothing comes.
inline constexpr std::size_t kWebSocketReadBytes = 4 * 1024;

// The longest password of a proxy, or PIN of a token.
inline constexpr std::size_t kSecretBytesMax = 1024;

static_assert(kReadTurnBytes >= 16 * 1024, "a turn reads at least one whole record");
static_assert(kHttpHeaderBytesMax < kUpgradeAnswerBytesMax, "a whole header fits into what is taken of an answer");

}  // namespace spheregate::tls
