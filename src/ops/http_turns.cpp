#include "http_turns.hpp"

#include <algorithm>
#include <utility>

namespace spheregate::ops {

void HttpTurns::ask(std::weak_ptr<void> who, std::function<void()> work, Time::duration charge) {
  line_.push_back({std::move(who), std::move(work), charge});
  if (!resting_) serve();
}

void HttpTurns::serve() {
  resting_ = true;
  while (!line_.empty()) {
    if (Time::now() < free_) {
      rest_.expires_at(free_);
      rest_.async_wait([self = shared_from_this()](boost::system::error_code error) {
        if (!error) self->serve();
      });
      return;
    }
    const Waiting next = std::move(line_.front());
    line_.pop_front();
    const auto alive = next.who.lock();
    if (!alive) continue;
    const Time::time_point begin = Time::now();
    next.work();
    const Time::time_point end = Time::now();
    free_ = end + kRests * std::max(end - begin, next.charge);
  }
  resting_ = false;
}

}  // namespace spheregate::ops
