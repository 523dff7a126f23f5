#include "password_tries.hpp"

#include <algorithm>

namespace spheregate::ops {

bool PasswordTries::mayTry(const std::string& source, base::MonoTime now) const {
  const auto entry = restedAt_.find(source);
  return entry == restedAt_.end() || entry->second <= now + (kAtOnce - 1) * kInterval;
}

void PasswordTries::wasWrong(const std::string& source, base::MonoTime now) {
  if (!restedAt_.contains(source)) makeRoom(now);
  base::MonoTime& rested = restedAt_[source];
  rested = std::max(rested, now) + kInterval;
}

void PasswordTries::makeRoom(base::MonoTime now) {
  if (restedAt_.size() < kSourcesMax) return;
  std::erase_if(restedAt_, [&](const auto& entry) { return entry.second <= now; });
  if (restedAt_.size() < kSourcesMax) return;
  restedAt_.erase(std::min_element(restedAt_.begin(), restedAt_.end(), [](const auto& a, const auto& b) { return a.second < b.second; }));
}

}  // namespace spheregate::ops
