#include "spheregate/history/rates.hpp"

namespace spheregate::history {
namespace {

// Whoever samples more often than ten times a second gets a shorter span, not a longer list.
constexpr std::size_t kSamplesMax = 100;

}  // namespace

void Rates::take(base::MonoTime now, const Sample& sample) {
  seen_.push_back({now, sample.accepted, sample.delivered});
  while (seen_.size() > 2 && (seen_[1].at <= now - kSpan || seen_.size() > kSamplesMax)) seen_.pop_front();
}

Rates::PerSecond Rates::perSecond() const {
  if (seen_.size() < 2 || seen_.back().at <= seen_.front().at) return {};
  const double seconds = std::chrono::duration<double>(seen_.back().at - seen_.front().at).count();
  return {.accepted = static_cast<double>(seen_.back().accepted - seen_.front().accepted) / seconds,
          .delivered = static_cast<double>(seen_.back().delivered - seen_.front().delivered) / seconds};
}

}  // namespace spheregate::history
