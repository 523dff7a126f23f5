#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

#include "spheregate/base/clock.hpp"
#include "spheregate/history/sample.hpp"

namespace spheregate::history {

// A minute.
struct Step {
  // What came and went in it.
  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;
  // As it was at its end.
  std::uint64_t queueMessages = 0;
  std::uint64_t queueBytes = 0;
  double queueOldestAgeSeconds = 0;
  std::size_t devicesConnected = 0;
  double uplink = 0;  // the share of it in which the uplink was up, 0 to 1
  bool operator==(const Step&) const = default;
};

// The last day in steps of a minute, in memory only. Steps are told apart by the clock that never jumps; when the calendar is set, all of
// them are dated anew. While the machine sleeps that clock stands, and there are no steps.
class Day {
 public:
  static constexpr base::Duration kStep = std::chrono::minutes{1};
  static constexpr std::size_t kStepsMax = 24 * 60;

  explicit Day(const base::Clock& clock) : clock_{clock}, origin_{clock.now()} {}

  // To be called several times a step.
  void take(const Sample& sample);

  // The steps that are over, the oldest first; nothing for one without a sample.
  const std::deque<std::optional<Step>>& steps() const { return steps_; }
  // When the first of them began, by the calendar of now.
  base::WallTime begin() const;

 private:
  void finish();

  const base::Clock& clock_;
  base::MonoTime origin_;  // of the first step there is
  std::deque<std::optional<Step>> steps_;

  // Of the step that is running.
  std::uint64_t samples_ = 0;
  std::uint64_t samplesUp_ = 0;
  std::optional<Sample> before_;  // the latest of the steps that are over
  Sample latest_;
};

}  // namespace spheregate::history
