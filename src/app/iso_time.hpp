#pragma once

#include <string>

#include "spheregate/base/clock.hpp"

namespace spheregate::app {

// ISO 8601, UTC, to the second.
std::string iso8601(base::WallTime time);

// When that was, by the calendar of now: whoever remembers moments by the clock that never jumps is right after the calendar was set.
base::WallTime onCalendar(base::MonoTime moment, const base::Clock& clock);

}  // namespace spheregate::app
