#include "spheregate/ops/pulse.hpp"

#include <utility>

namespace spheregate::ops {

void Pulse::follow(std::string who, Ask ask) { followers_.push_back({.who = std::move(who), .ask = std::move(ask)}); }

std::string Pulse::look() {
  std::string silent;
  for (const Follower& follower : followers_) {
    if (!*follower.answered) silent += (silent.empty() ? "" : ", ") + follower.who + " does not answer";
  }
  if (!silent.empty()) return silent;
  for (Follower& follower : followers_) {
    *follower.answered = false;
    follower.ask([answered = follower.answered] { *answered = true; });
  }
  return {};
}

}  // namespace spheregate::ops
