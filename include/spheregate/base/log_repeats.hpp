#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/clock.hpp"

namespace spheregate::base {

// Bounds how often each event is logged: so many lines in a second, and no more until that second is over. Other than a LogGate it needs
// no caller who thinks of it. Not for several threads at once.
class LogRepeats {
 public:
  explicit LogRepeats(unsigned linesPerSecond) : linesMax_{linesPerSecond} {}

  // Whether a line of this event may be written now.
  bool pass(std::string_view event, MonoTime now);

  struct LeftOut {
    std::string event;
    std::uint64_t lines;
  };
  // What was left out in seconds that are over, each line in one answer. Empty, and cheap, nearly always.
  std::vector<LeftOut> leftOut(MonoTime now);

 private:
  struct Second {
    MonoTime began;
    unsigned lines = 0;
    std::uint64_t leftOut = 0;
  };
  Second& secondOf(std::string_view event, MonoTime now);

  unsigned linesMax_;
  std::map<std::string, Second, std::less<>> events_;
  std::uint64_t pending_ = 0;  // left out and not told
};

}  // namespace spheregate::base
