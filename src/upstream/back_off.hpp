#pragma once

#include <algorithm>
#include <random>

#include "spheregate/base/clock.hpp"
#include "spheregate/upstream/settings.hpp"

namespace spheregate::upstream {

inline double fraction(std::mt19937_64& random) { return std::uniform_real_distribution<double>{0, 1}(random); }

inline base::Duration scaled(base::Duration whole, double part) {
  return base::Duration{static_cast<base::Duration::rep>(static_cast<double>(whole.count()) * part)};
}

// How long to wait after so many failures in a row, at least one. With full jitter: what was cut off at one moment must not come back
// at one moment.
inline base::Duration backOffAfter(unsigned failures, base::Duration shortest, base::Duration longest, std::mt19937_64& random) {
  const unsigned doublings = std::min(failures - 1, 16u);
  const base::Duration ceiling = std::min<base::Duration>(longest, shortest * (1u << doublings));
  return std::max<base::Duration>(shortest / 4, scaled(ceiling, fraction(random)));
}

// When in its life a token is renewed: a fleet must not renew at one moment.
inline base::Duration renewalAfter(base::Duration life, std::mt19937_64& random) { return scaled(life, 0.7 + 0.15 * fraction(random)); }

// A connection that lasted this long was a good one, so the next back-off begins small again.
inline constexpr base::Duration kSettled = std::chrono::seconds{30};
// How long a renewal waits for the hub to acknowledge what is on its way.
inline constexpr base::Duration kRenewalPatience = std::chrono::seconds{10};

}  // namespace spheregate::upstream
