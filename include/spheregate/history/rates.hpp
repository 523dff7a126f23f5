#pragma once

#include <chrono>
#include <cstdint>
#include <deque>

#include "spheregate/base/clock.hpp"
#include "spheregate/history/sample.hpp"

namespace spheregate::history {

// How fast messages come and go, as a mean of the last ten seconds.
class Rates {
 public:
  static constexpr base::Duration kSpan = std::chrono::seconds{10};

  void take(base::MonoTime now, const Sample& sample);

  struct PerSecond {
    double accepted = 0;
    double delivered = 0;
  };
  // Until the latest sample; 0 before the second.
  PerSecond perSecond() const;

 private:
  struct Seen {
    base::MonoTime at;
    std::uint64_t accepted;
    std::uint64_t delivered;
  };
  std::deque<Seen> seen_;  // the oldest is the last before the span, if there is one
};

}  // namespace spheregate::history
