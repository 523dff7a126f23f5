#include "spheregate/base/timers.hpp"

namespace spheregate::base {

Timers::Id Timers::at(MonoTime due, Callback callback) {
  const Id id{due, nextNumber_++};
  const bool earliest = waiting_.empty() || id < waiting_.begin()->first;
  waiting_.emplace(id, std::move(callback));
  if (earliest && earlier_) earlier_();
  return id;
}

std::optional<MonoTime> Timers::next() const {
  if (waiting_.empty()) return std::nullopt;
  return waiting_.begin()->first.first;
}

void Timers::run(MonoTime now) {
  // A callback that re-arms itself for `now` runs in the next call, so one call always ends.
  const std::uint64_t bound = nextNumber_;
  auto it = waiting_.begin();
  while (it != waiting_.end() && it->first.first <= now) {
    if (it->first.second >= bound) {
      ++it;
      continue;
    }
    auto node = waiting_.extract(it);
    node.mapped()();
    it = waiting_.begin();
  }
}

void Timer::at(MonoTime due, Timers::Callback callback) {
  cancel();
  id_ = timers_->at(due, [this, run = std::move(callback)] {
    id_.reset();
    run();
  });
}

void Timer::cancel() {
  if (!id_) return;
  timers_->cancel(*id_);
  id_.reset();
}

}  // namespace spheregate::base
