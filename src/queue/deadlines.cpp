#include "deadlines.hpp"

namespace spheregate::queue {

void Deadlines::add(DeviceQueue& queue, Sequence sequence) {
  const base::MonoTime due = core_.timers.now() + core_.settings.commitAfter;
  waits_.push_back({&queue, sequence, due});
  if (!timer_.armed()) timer_.at(due, [this] { serve(core_.timers.now()); });
}

void Deadlines::allNow() { serve(base::MonoTime::max()); }

void Deadlines::forget() {
  while (!waits_.empty() && !pending(waits_.front())) waits_.pop_front();
}

bool Deadlines::pending(const Wait& wait) {
  return wait.queue->holds(wait.sequence) && wait.sequence > wait.queue->commitThrough &&
         wait.queue->at(wait.sequence).where == Where::memory && wait.queue->at(wait.sequence).fate == Fate::none;
}

void Deadlines::serve(base::MonoTime until) {
  while (!waits_.empty() && waits_.front().due <= until) {
    const Wait wait = waits_.front();
    waits_.pop_front();
    if (pending(wait)) due_(*wait.queue, wait.sequence);
  }
  forget();
  // The timer is set for the front as it is now; when that leaves in time, it rings once for nothing and is set again.
  if (!waits_.empty() && !timer_.armed()) timer_.at(waits_.front().due, [this] { serve(core_.timers.now()); });
}

}  // namespace spheregate::queue
