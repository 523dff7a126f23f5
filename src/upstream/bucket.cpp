#include "spheregate/upstream/bucket.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace spheregate::upstream {
namespace {

constexpr double kSavedSeconds = 0.25;
// Who waits looks again after this at the latest. A rate can be so small that the whole time is no number of nanoseconds.
constexpr double kWaitSecondsMax = 3600;

double most(double perSecond) { return std::max(1.0, perSecond * kSavedSeconds); }

}  // namespace

Bucket::Bucket(double perSecond, base::MonoTime now)
    : perSecond_{perSecond}, most_{most(perSecond)}, tokens_{most_}, filled_{now} {}

void Bucket::setRate(double perSecond, base::MonoTime now) {
  (void)ready(now);
  perSecond_ = perSecond;
  most_ = most(perSecond);
  tokens_ = std::min(tokens_, most_);
}

bool Bucket::ready(base::MonoTime now) {
  if (!limited()) {
    tokens_ = most_;
  } else {
    tokens_ = std::min(most_, tokens_ + std::chrono::duration<double>(now - filled_).count() * perSecond_);
  }
  filled_ = now;
  return tokens_ >= 1;
}

base::Duration Bucket::wait() const {
  if (!limited() || tokens_ >= 1) return {};
  return std::chrono::nanoseconds{static_cast<std::int64_t>(std::ceil(std::min((1 - tokens_) / perSecond_, kWaitSecondsMax) * 1e9))};
}

}  // namespace spheregate::upstream
