#include "spheregate/history/day.hpp"

namespace spheregate::history {

void Day::take(const Sample& sample) {
  const base::MonoTime now = clock_.now();
  while (origin_ + kStep * static_cast<int>(steps_.size() + 1) <= now) finish();
  if (!before_) before_ = sample;
  latest_ = sample;
  ++samples_;
  if (sample.uplink) ++samplesUp_;
}

base::WallTime Day::begin() const {
  return clock_.wall() - std::chrono::duration_cast<base::WallTime::duration>(clock_.now() - origin_);
}

void Day::finish() {
  if (samples_ == 0) {
    steps_.emplace_back();
  } else {
    steps_.push_back(Step{.accepted = latest_.accepted - before_->accepted,
                          .delivered = latest_.delivered - before_->delivered,
                          .queueMessages = latest_.queueMessages,
                          .queueBytes = latest_.queueBytes,
                          .queueOldestAgeSeconds = latest_.queueOldestAgeSeconds,
                          .devicesConnected = latest_.devicesConnected,
                          .uplink = static_cast<double>(samplesUp_) / static_cast<double>(samples_)});
    before_ = latest_;
  }
  samples_ = samplesUp_ = 0;
  if (steps_.size() > kStepsMax) {
    steps_.pop_front();
    origin_ += kStep;
  }
}

}  // namespace spheregate::history
