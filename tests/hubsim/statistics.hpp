#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace spheregate::hubsim {

// Operations above a rate: refused, closed or answered 429.
struct Throttled {
  std::uint64_t connects = 0;
  std::uint64_t messages = 0;
  std::uint64_t twinReads = 0;
  std::uint64_t twinUpdates = 0;
};

// Counted since the start or the last reset.
struct Statistics {
  std::uint64_t messages = 0;  // telemetry taken, duplicates and wills too
  std::uint64_t payloadBytes = 0;
  std::uint64_t duplicates = 0;  // of them, with DUP set
  std::uint64_t pubacks = 0;
  std::uint64_t pubacksLost = 0;    // by the fault switch
  std::uint64_t poisoned = 0;       // messages that closed their connection, by the fault switch
  std::uint64_t withoutEffect = 0;  // twin requests whose answer nobody could hear, method answers nobody waits for
  std::uint64_t twinReads = 0;
  std::uint64_t twinUpdates = 0;  // of reported properties
  std::uint64_t twinErrors = 0;
  std::uint64_t desiredPushes = 0;
  std::uint64_t methodRequests = 0;   // that reached a device
  std::uint64_t cloudDeliveries = 0;  // cloud-to-device messages given to a device, repeated ones too
  std::uint64_t cloudCompleted = 0;   // by a PUBACK
  std::uint64_t connects = 0;         // CONNECT packets, accepted, refused or broken
  std::uint64_t connectsAccepted = 0;
  Throttled throttled;
  std::uint64_t takeovers = 0;
  std::uint64_t handshakesFailed = 0;
  std::map<std::string, std::uint64_t, std::less<>> connectsRefused;  // by reason
  std::map<std::string, std::uint64_t, std::less<>> closes;           // by reason, of accepted and of refused connections
};

[[nodiscard]] nlohmann::json toJson(const Statistics& statistics);

}  // namespace spheregate::hubsim
