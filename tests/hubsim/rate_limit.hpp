#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "spheregate/base/clock.hpp"

namespace spheregate::hubsim {

// At most `perSecond` events a second, a second's worth at once. Zero lets everything pass.
class RateLimit {
 public:
  void set(std::uint32_t perSecond) {
    if (perSecond == perSecond_) return;
    perSecond_ = perSecond;
    left_ = perSecond;
  }

  bool pass(base::MonoTime now) {
    if (perSecond_ == 0) return true;
    const double elapsed = std::chrono::duration<double>(now - last_).count();
    left_ = std::min<double>(perSecond_, left_ + std::max(0.0, elapsed) * perSecond_);
    last_ = now;
    if (left_ < 1) return false;
    left_ -= 1;
    return true;
  }

 private:
  std::uint32_t perSecond_ = 0;
  double left_ = 0;
  base::MonoTime last_{};
};

}  // namespace spheregate::hubsim
