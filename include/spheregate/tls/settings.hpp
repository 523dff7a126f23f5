#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace spheregate::tls {

enum class MinVersion : std::uint8_t { tls12, tls13 };

// The door for devices.
struct ListenerSettings {
  std::string address = "0.0.0.0";
  std::uint16_t port = 8883;  // 0: any free port
  std::filesystem::path certificate;
  std::filesystem::path privateKey;
  MinVersion minVersion = MinVersion::tls12;
  std::chrono::milliseconds handshakeTimeout{10'000};
  std::size_t connectionsMax = 10'000;
  // New handshakes a second from one address, burst four times that; 0: no limit.
  double handshakesPerSourcePerSecond = 5;
};

// The way to the hub.
struct ConnectorSettings {
  std::string host;
  std::uint16_t port = 8883;
  std::filesystem::path ca;  // empty: the system's store
  std::chrono::milliseconds connectTimeout{20'000};  // resolve, TCP and TLS together
};

}  // namespace spheregate::tls
