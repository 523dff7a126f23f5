#include "spheregate/upstream/pacer.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace spheregate::upstream {

Pacer::Pacer(base::Timers& timers, double perSecond)
    : timers_{timers}, perSecond_{perSecond}, burst_{std::max(1.0, perSecond)}, tokens_{burst_}, refilled_{timers.now()}, timer_{timers} {}

Pacer::Ticket Pacer::queue(Turn turn) {
  const Ticket ticket = next_++;
  waiting_.emplace(ticket, std::move(turn));
  if (!timer_.armed()) arm();
  return ticket;
}

void Pacer::leave(Ticket ticket) { waiting_.erase(ticket); }

void Pacer::serve() {
  const base::MonoTime now = timers_.now();
  tokens_ = std::min(burst_, tokens_ + std::chrono::duration<double>(now - refilled_).count() * perSecond_);
  refilled_ = now;
  while (!waiting_.empty() && tokens_ >= 1) {
    tokens_ -= 1;
    auto first = waiting_.extract(waiting_.begin());
    first.mapped()();
  }
  if (!waiting_.empty() && !timer_.armed()) arm();
}

void Pacer::arm() {
  const double missing = std::max(0.0, 1 - tokens_);
  const auto wait = std::chrono::nanoseconds{static_cast<std::int64_t>(std::ceil(missing / perSecond_ * 1e9))};
  timer_.after(wait, [this] { serve(); });
}

}  // namespace spheregate::upstream
