#include "hubsim/hub_error.hpp"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace spheregate::hubsim {

std::string isoTime(base::WallTime time) {
  const auto ticks = std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count() / 100;
  const std::time_t seconds = static_cast<std::time_t>(ticks / 10'000'000);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char date[32];
  const std::size_t length = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char decimals[16];
  std::snprintf(decimals, sizeof decimals, ".%07dZ", static_cast<int>(ticks % 10'000'000));
  return std::string{date, length} + decimals;
}

Json toJson(const HubError& error, base::WallTime now) {
  const std::string time = isoTime(now);
  return {{"errorCode", error.code}, {"trackingId", "hubsim-" + time}, {"message", error.message}, {"timestampUtc", time}};
}

}  // namespace spheregate::hubsim
