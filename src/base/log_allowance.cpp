#include "spheregate/base/log_allowance.hpp"

#include <algorithm>

namespace spheregate::base {

std::optional<std::uint64_t> LogAllowance::pass(std::string_view name, MonoTime now) {
  Entry* found = entry(name, now);
  if (found == nullptr) return std::nullopt;
  if (found->restedAt - now > ahead_) {
    ++found->suppressed;
    return std::nullopt;
  }
  found->restedAt = std::max(found->restedAt, now) + quiet_;
  const std::uint64_t before = found->suppressed;
  found->suppressed = 0;
  return before;
}

// The entry, now the most recent; nothing when there is no place for another.
LogAllowance::Entry* LogAllowance::entry(std::string_view name, MonoTime now) {
  const auto place = places_.find(name);
  if (place != places_.end()) {
    entries_.splice(entries_.begin(), entries_, place->second);
    return &entries_.front();
  }
  if (entries_.size() >= namesMax_) {
    if (entries_.back().restedAt > now) return nullptr;
    places_.erase(entries_.back().name);
    entries_.pop_back();
  }
  entries_.push_front({.name = std::string{name}, .restedAt = now, .suppressed = 0});
  places_.emplace(entries_.front().name, entries_.begin());
  return &entries_.front();
}

}  // namespace spheregate::base
