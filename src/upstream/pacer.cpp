#include "spheregate/upstream/pacer.hpp"

#include <utility>

namespace spheregate::upstream {

Pacer::Pacer(base::Timers& timers, double perSecond) : timers_{timers}, bucket_{perSecond, timers.now()}, timer_{timers} {}

Pacer::Ticket Pacer::queue(Turn turn) {
  const Ticket ticket = next_++;
  waiting_.emplace(ticket, std::move(turn));
  if (!timer_.armed()) arm();
  return ticket;
}

void Pacer::leave(Ticket ticket) { waiting_.erase(ticket); }

bool Pacer::take() {
  if (!waiting_.empty() || !bucket_.ready(timers_.now())) return false;
  bucket_.take();
  return true;
}

void Pacer::serve() {
  const base::MonoTime now = timers_.now();
  // Only whom it finds here: a turn may queue the next one, and without a limit there would be no end.
  const Ticket bound = next_;
  while (!waiting_.empty() && waiting_.begin()->first < bound && bucket_.ready(now)) {
    bucket_.take();
    auto first = waiting_.extract(waiting_.begin());
    first.mapped()();
  }
  if (!waiting_.empty() && !timer_.armed()) arm();
}

void Pacer::arm() {
  (void)bucket_.ready(timers_.now());
  timer_.after(bucket_.wait(), [this] { serve(); });
}

}  // namespace spheregate::upstream
