#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "spheregate/base/result.hpp"

namespace spheregate::hubsim {

// What goes wrong on purpose. Everything zero or false: a healthy hub.
struct Faults {
  bool outage = false;  // every connection is closed, and every new one at once
  std::uint32_t pubackDelayMs = 0;
  double pubackLoss = 0;                    // probability that a PUBACK is never sent
  double closeInsteadOfPuback = 0;          // probability that the connection is closed where a PUBACK was due
  std::uint32_t closeEveryMessages = 0;     // a connection is closed at its n-th message, recorded but not acknowledged
  std::uint32_t refuseConnack = 0;          // every CONNECT is answered with this code (1 to 5)
  std::uint32_t connectsPerSecond = 0;      // of the whole hub, a second's worth at once; above it CONNACK 3
  std::uint32_t messagesPerSecond = 0;      // of the whole hub, likewise; above it the sender is closed, its message not taken
  std::uint32_t twinReadsPerSecond = 0;     // of the whole hub, likewise; above it 429
  std::uint32_t twinUpdatesPerSecond = 0;   // of the whole hub, likewise, of reported properties; above it 429
  std::uint32_t tokenLifeSeconds = 0;       // a connection is closed this long after its CONNECT
  std::uint32_t readBytesPerSecond = 0;     // of each connection
  std::uint32_t twinErrorStatus = 0;        // every twin request of a device is answered so (300 to 599) and has no effect
  std::uint32_t twinRetryAfterSeconds = 0;  // named in those answers and in 429
  std::uint32_t twinDelayMs = 0;            // before a twin answer leaves
  double twinLoss = 0;                      // probability that a twin answer is never sent; the request has its effect
  std::uint32_t methodDelayMs = 0;          // before a device's answer to a method reaches the caller
  bool dropDesiredPushes = false;           // desired properties change, devices do not hear of it
  std::string poisonProperty;  // a telemetry message with this application property closes its connection and is not taken
  bool quotaExceeded = false;  // every telemetry message does; the rest works
  // Of the provisioning service.
  bool dpsOutage = false;              // every connection is closed, and every new one at once
  bool dpsThrottle = false;            // every request is answered 429, with retry-after
  std::uint32_t dpsErrorStatus = 0;    // every request is answered so (300 to 599)
  std::uint32_t dpsFail = 0;           // registrations end as `failed`, with this error code
  std::uint32_t dpsDelayMs = 0;        // before an answer leaves
  double dpsLoss = 0;                  // probability that an answer is never sent
  std::uint32_t dpsRefuseConnack = 0;  // every CONNECT is answered with this code (1 to 5)
  std::uint64_t seed = 1;              // of the probabilities; setting it starts the sequence anew

  bool operator==(const Faults&) const = default;
};

[[nodiscard]] nlohmann::json toJson(const Faults& faults);
// `faults` with the members of a JSON object replaced; unknown members and values out of range are errors, and change nothing.
[[nodiscard]] base::Explained<Faults> mergeFaults(const Faults& faults, const nlohmann::json& changes);

}  // namespace spheregate::hubsim
