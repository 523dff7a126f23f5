#include "spheregate/upstream/tier.hpp"

#include <algorithm>

#include "spheregate/upstream/settings.hpp"

namespace spheregate::upstream {
namespace {

// So that the hub's clock and ours need not agree, and a service that sends now and then finds room.
constexpr double kShare = 0.95;
// Below the throttle of the smallest hub.
constexpr double kConnectsOfAnyTier = 80;

}  // namespace

Throttles throttlesOf(Tier tier, std::uint32_t units) {
  const auto each = static_cast<double>(units);
  switch (tier) {
    case Tier::unknown:
      break;
    case Tier::s1:
      return {std::max(100.0, 12 * each), std::max(100.0, 12 * each), 100, 50};
    case Tier::s2:
      return {120 * each, 120 * each, std::max(100.0, 10 * each), std::max(50.0, 5 * each)};
    case Tier::s3:
      return {6000 * each, 6000 * each, 500 * each, 250 * each};
  }
  return {};
}

Throttles allowance(const Settings& settings) {
  const Throttles limits = throttlesOf(settings.tier, settings.units);
  Throttles mine{std::min(kConnectsMax, limits.connects * kShare), limits.messages * kShare, limits.twinReads * kShare,
                 limits.twinUpdates * kShare};
  if (settings.tier == Tier::unknown) mine.connects = kConnectsOfAnyTier;
  if (settings.connectsPerSecond > 0) mine.connects = settings.connectsPerSecond;
  return mine;
}

}  // namespace spheregate::upstream
