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
  int inherited = -1;         // a TCP socket that listens already, in place of address and port; the listener owns it from `open` on
  std::filesystem::path certificate;
  std::string privateKey;  // path of a file, or the name of a key in a token: `pkcs11:...`, `handle:0x81...`
  MinVersion minVersion = MinVersion::tls12;
  std::chrono::milliseconds handshakeTimeout{10'000};
  std::size_t connectionsMax = 10'000;
  // Of them, those whose CONNECT has not been accepted yet.
  std::size_t unauthenticatedMax = 1024;
  // New handshakes a second from one address, burst four times that; 0: no limit, and no pauses for addresses from which nobody gets
  // in.
  double handshakesPerSourcePerSecond = 5;
};

// What MQTT travels in, inside TLS.
enum class Transport : std::uint8_t { mqtt, webSocket };

inline constexpr std::uint16_t kMqttPort = 8883;
inline constexpr std::uint16_t kWebSocketPort = 443;

struct ProxyAddress {
  std::string host;  // empty: no proxy
  std::uint16_t port = 0;
  bool operator==(const ProxyAddress&) const = default;
};

// The HTTP proxy of a site that lets nothing else out. It is spoken to in the clear, and sees the hub's name and TLS.
struct ProxySettings {
  ProxyAddress address;
  std::string user;                    // empty: no authentication; never with a colon
  std::filesystem::path passwordFile;  // with a user only
};

// The way to the hub.
struct ConnectorSettings {
  std::string host;
  std::uint16_t port = kMqttPort;
  std::filesystem::path ca;  // empty: the system's store
  Transport transport = Transport::mqtt;
  ProxySettings proxy;
  std::chrono::milliseconds connectTimeout{20'000};  // everything from resolving to the last handshake together
};

}  // namespace spheregate::tls
