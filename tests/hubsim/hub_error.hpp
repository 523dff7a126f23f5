#pragma once

#include <string>

#include "hubsim/json_text.hpp"
#include "spheregate/base/clock.hpp"

namespace spheregate::hubsim {

// An error as IoT Hub reports it, to a device on `$iothub/twin/res/{status}` or to a service over HTTP.
struct HubError {
  int status = 400;
  int code = 0;  // of IoT Hub's catalogue
  std::string message;
};

namespace errors {

inline HubError argument(std::string message) { return {400, 400004, std::move(message)}; }
inline HubError deviceNotFound(const std::string& device) { return {404, 404001, "device '" + device + "' is not registered"}; }
inline HubError deviceNotOnline() { return {404, 404103, "the device is not connected, or takes no methods"}; }
inline HubError preconditionFailed() { return {412, 412001, "the version is not the current one"}; }
inline HubError tooLarge(std::string message) { return {413, 413001, std::move(message)}; }
inline HubError throttled() { return {429, 429001, "too many requests"}; }
inline HubError queueFull() { return {403, 403004, "the queue of the device is full"}; }
inline HubError badDeviceAnswer() { return {500, 500001, "the answer of the device is not JSON, or too large"}; }
inline HubError gatewayTimeout() { return {504, 504101, "the device did not answer in time"}; }

}  // namespace errors

[[nodiscard]] Json toJson(const HubError& error, base::WallTime now);

// ISO 8601 with seven decimals and `Z`, the form that .NET devices insist on.
[[nodiscard]] std::string isoTime(base::WallTime time);

}  // namespace spheregate::hubsim
