#pragma once

#include <chrono>
#include <cstddef>

namespace spheregate::session {

struct Settings {
  std::chrono::milliseconds connectTimeout{10'000};     // from the handshake to a complete CONNECT
  std::chrono::milliseconds keepAliveMax{1'767'000};    // 29.45 min, the hub's own limit; also for keep-alive 0
  std::size_t messageBytesMax = 262'144;                // topic suffix and payload
  std::size_t unacknowledgedMax = 64;                   // QoS 1 publishes of one device without PUBACK; then reading stops
};

}  // namespace spheregate::session
