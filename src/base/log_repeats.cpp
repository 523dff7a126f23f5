#include "spheregate/base/log_repeats.hpp"

#include <utility>

namespace spheregate::base {
namespace {

// Events are words of this program, some with a name in front. More than it has, and a bound all the same: further ones share a place.
constexpr std::size_t kEventsMax = 512;
constexpr std::string_view kOthers = "other events";
constexpr Duration kSecond = std::chrono::seconds{1};

}  // namespace

bool LogRepeats::pass(std::string_view event, MonoTime now) {
  Second& second = secondOf(event, now);
  if (now - second.began >= kSecond) {
    second.began = now;
    second.lines = 0;
  }
  if (second.lines < linesMax_) {
    ++second.lines;
    return true;
  }
  ++second.leftOut;
  ++pending_;
  return false;
}

LogRepeats::Second& LogRepeats::secondOf(std::string_view event, MonoTime now) {
  const auto known = events_.find(event);
  if (known != events_.end()) return known->second;
  if (events_.size() >= kEventsMax && event != kOthers) return secondOf(kOthers, now);
  return events_.emplace(std::string{event}, Second{.began = now}).first->second;
}

std::vector<LogRepeats::LeftOut> LogRepeats::leftOut(MonoTime now) {
  std::vector<LeftOut> found;
  if (pending_ == 0) return found;
  for (auto& [event, second] : events_) {
    if (second.leftOut == 0 || now - second.began < kSecond) continue;
    pending_ -= second.leftOut;
    found.push_back({event, std::exchange(second.leftOut, 0)});
  }
  return found;
}

}  // namespace spheregate::base
