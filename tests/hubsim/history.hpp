#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "hubsim/login.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::hubsim {

// One accepted connection, open or not, as a test may want to look at it.
struct Visit {
  std::uint64_t connection = 0;
  std::string device;
  std::string username;
  std::string clientId;
  std::uint16_t keepAliveSeconds = 0;
  bool cleanSession = true;
  std::optional<std::int64_t> tokenExpires;
  std::string tokenSr;        // as received
  std::string tokenResource;  // decoded
  std::string policy;
  std::string actingEdge;  // whose token it was, when not the device's own
  std::optional<std::string> authChain;
  std::optional<std::string> apiVersion;
  std::optional<std::string> modelId;
  std::optional<std::string> deviceClientType;
  bool open = true;
  std::string closed;  // why, when it is not open
};

[[nodiscard]] Visit visitOf(const mqtt::Connect& connect, const Login& login);

// The latest accepted connections, oldest first. Connection numbers only grow.
class History {
 public:
  static constexpr std::size_t kVisitsMax = 50'000;

  void opened(Visit visit);
  void closed(std::uint64_t connection, std::string_view reason);
  void clearClosed();

  // JSON array; only of `device` when one is given.
  std::string json(const std::optional<std::string>& device) const;

 private:
  std::deque<Visit> visits_;
};

}  // namespace spheregate::hubsim
