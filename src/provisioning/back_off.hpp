#pragma once

#include <algorithm>
#include <chrono>
#include <random>

#include "spheregate/base/clock.hpp"

namespace spheregate::provisioning {

// How long to wait after so many failures: doubling from `least` to `most`, then anything between half of that and all of it, so that
// what failed at one moment does not come back at one moment.
inline base::Duration backOff(unsigned failures, base::Duration least, base::Duration most, std::mt19937_64& random) {
  const unsigned doublings = std::min(failures > 0 ? failures - 1 : 0, 20u);
  const base::Duration whole = std::min<base::Duration>(most, least * (1u << doublings));
  const double part = std::uniform_real_distribution<double>{0.5, 1}(random);
  return base::Duration{static_cast<base::Duration::rep>(static_cast<double>(whole.count()) * part)};
}

}  // namespace spheregate::provisioning
