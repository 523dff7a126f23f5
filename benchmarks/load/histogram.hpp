#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace spheregate::load {

// Counts of values in buckets at most 1.6 % wide, so that a percentile costs no memory and no sorting.
class Histogram {
 public:
  void add(std::uint64_t value) {
    ++counts_[bucketOf(value)];
    ++total_;
    if (value > max_) max_ = value;
  }
  std::uint64_t max() const { return max_; }

  // The upper edge of the bucket that holds the given share of all values, 0 without values.
  std::uint64_t percentile(double share) const {
    const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(total_));
    std::uint64_t seen = 0;
    for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > wanted) return edgeOf(bucket) < max_ ? edgeOf(bucket) : max_;
    }
    return max_;
  }

 private:
  static constexpr int kStepBits = 6;
  static constexpr std::uint64_t kSteps = 1U << kStepBits;

  static std::size_t bucketOf(std::uint64_t value) {
    if (value < kSteps) return static_cast<std::size_t>(value);
    const int shift = static_cast<int>(std::bit_width(value)) - 1 - kStepBits;
    return static_cast<std::size_t>(static_cast<std::uint64_t>(shift + 1) * kSteps + ((value >> shift) - kSteps));
  }
  static std::uint64_t edgeOf(std::size_t bucket) {
    if (bucket < kSteps) return bucket;
    const std::uint64_t shift = bucket / kSteps - 1;
    return ((bucket % kSteps + kSteps + 1) << shift) - 1;
  }

  std::array<std::uint64_t, (64 - kStepBits + 1) * kSteps> counts_{};
  std::uint64_t total_ = 0;
  std::uint64_t max_ = 0;
};

}  // namespace spheregate::load
