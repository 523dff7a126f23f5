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

// What a device may send before its handshake is done, all in all, and in its ClientHello, for which OpenSSL makes room as soon as
// its length is announced. Post-quantum keys make some 2 KiB of it.
inline constexpr std::size_t kHandshakeBytesMax = 64 * 1024;
inline constexpr std::size_t kClientHelloBytesMax = 16 * 1024;

// What somebody who has not said CONNECT can make us hold, all in all. At the worst, which takes a good certificate: a TLS record and
// a CONNECT (session/conversation.cpp), each but for its last byte, beside the connection itself. A stranger: a record and a chain.
inline constexpr std::size_t kConnectionBytes = 20 * 1024;
inline constexpr std::size_t kConnectBytes = 76 * 1024;
inline constexpr std::size_t kUnauthenticatedBytesMax = 128 * 1024;
static_assert(kRecordsBufferBytes + kConnectBytes + kConnectionBytes <= kUnauthenticatedBytesMax);
// OpenSSL makes a third more room than a message needs.
static_assert(kRecordsBufferBytes + std::size_t{kPeerChainBytesMax} * 4 / 3 + kConnectionBytes <= kUnauthenticatedBytesMax);

// How long handshakes of devices, or new connections, may hold the loop before they give way to whoever is in. One step is always
// done: 0.3 ms for an answer to a ClientHello, a millisecond at most, the signature of a P-384 tenant CA included.
inline constexpr std::chrono::microseconds kDoorTurn{30};

// Laps of the loop that they give way for: a message is read in one, is safe in the next, and its PUBACK leaves in the third. When
// laps are long because much is said inside, the door has its turn after this time.
inline constexpr int kDoorLaps = 3;
inline constexpr std::chrono::microseconds kDoorWaitMax{500};

// Whoever has not said CONNECT may have to go for others after this time, when it is silent; before its ClientHello is complete,
// which takes devices no thought, after the shorter one.
inline constexpr std::chrono::seconds kUnfinishedGrace{1};
inline constexpr std::chrono::milliseconds kSilentGrace{100};

// How many are looked at to find the one that goes.
inline constexpr std::size_t kCrowdLooksMax = 64;

// When the lobby is full of those who may stay, the accept is tried again after this time.
inline constexpr std::chrono::milliseconds kLobbyRest{20};

// What a connection may say that is no message of its application (key updates, alerts, attempts to renegotiate), and for how many
// bytes of messages it may say one more. Endless key updates would keep the thread busy without anything to read.
inline constexpr std::uint32_t kChatterMax = 256;
inline constexpr std::uint32_t kBytesPerChatter = 256;

// Sources from which nobody gets in: so many refusals in a row are free, then the door stays shut for a while, at first one second
// and then twice as long each time, and is open for a second in between.
inline constexpr unsigned kKnocksFree = 3;
inline constexpr std::chrono::seconds kKnockPauseFirst{1};
inline constexpr std::chrono::seconds kKnockPauseMax{28};
inline constexpr std::chrono::seconds kKnockTime{1};
// One line a source in this time.
inline constexpr std::chrono::minutes kKnockQuiet{1};
// A source from which a device got in during this time, or is in now, is not shut out.
inline constexpr std::chrono::minutes kGoodNameLasts{1};
// Sources of devices that got in.
inline constexpr std::size_t kKnownSourcesMax = 16'384;

// How long a closed connection waits for its peer to take what is left.
inline constexpr std::chrono::seconds kLingerMax{5};

// How long a peer that was told goodbye may go on sending before the socket is closed under it.
inline constexpr std::chrono::seconds kFarewellMax{2};

inline constexpr int kListenBacklog = 4096;

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

static_assert(kReadTurnBytes >= 16 * 1024, "a turn reads at least one whole record");
static_assert(kClientHelloBytesMax + kPeerChainBytesMax < kHandshakeBytesMax, "a handshake within its parts' limits is within its own");
static_assert(kKnockPauseMax + 2 * kKnockTime <= std::chrono::seconds{30}, "a mended device that knocks once a second is in within 30 s");
static_assert(kSilentGrace < kUnfinishedGrace);
static_assert(kHttpHeaderBytesMax < kUpgradeAnswerBytesMax, "a whole header fits into what is taken of an answer");

}  // namespace spheregate::tls
