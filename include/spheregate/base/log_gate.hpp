#pragma once

#include <cstdint>
#include <optional>

#include "spheregate/base/clock.hpp"

namespace spheregate::base {

// Lets one line through in a while, for events that a peer can repeat at will.
class LogGate {
 public:
  explicit LogGate(Duration quiet = std::chrono::minutes{1}) : quiet_{quiet} {}

  // How many events were kept quiet before this one, when this one may be logged; nothing when it should be quiet too.
  std::optional<std::uint64_t> pass(MonoTime now) {
    if (last_ && now - *last_ < quiet_) {
      ++suppressed_;
      return std::nullopt;
    }
    last_ = now;
    const std::uint64_t before = suppressed_;
    suppressed_ = 0;
    return before;
  }

 private:
  Duration quiet_;
  std::optional<MonoTime> last_;
  std::uint64_t suppressed_ = 0;
};

}  // namespace spheregate::base
