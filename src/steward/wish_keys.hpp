#pragma once

#include <string>
#include <string_view>

#include "spheregate/base/log.hpp"

namespace spheregate::steward {

inline constexpr const char* kDenyList = "denyList";
inline constexpr const char* kLogLevel = "logLevel";
inline constexpr const char* kMessageTtl = "messageTtl";
inline constexpr const char* kDrainRate = "drainRate";

std::string levelName(base::LogLevel level);
// Names that the gateway reports of itself: what it says of a wish must not take their place.
bool ours(std::string_view name);

}  // namespace spheregate::steward
