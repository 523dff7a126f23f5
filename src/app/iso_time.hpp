#pragma once

#include <string>

#include "spheregate/base/clock.hpp"

namespace spheregate::app {

// ISO 8601, UTC, to the second.
std::string iso8601(base::WallTime time);

}  // namespace spheregate::app
