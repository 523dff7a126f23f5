#include "iso_time.hpp"

#include <array>
#include <ctime>

namespace spheregate::app {

std::string iso8601(base::WallTime time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

base::WallTime onCalendar(base::MonoTime moment, const base::Clock& clock) {
  return clock.wall() - std::chrono::duration_cast<base::WallTime::duration>(clock.now() - moment);
}

}  // namespace spheregate::app
