#include "paho_caller.hpp"

#include <utility>

namespace spheregate::upstream {

PahoCaller::PahoCaller() : thread_{[this] { work(); }} {}

PahoCaller::~PahoCaller() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void PahoCaller::queue(Job job) {
  {
    const std::lock_guard lock{mutex_};
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
}

void PahoCaller::work() {
  std::unique_lock lock{mutex_};
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !jobs_.empty(); });
    if (jobs_.empty()) return;
    // All at once, because a lock and a wake-up for each message would cost more than handing it over.
    std::deque<Job> due = std::exchange(jobs_, {});
    lock.unlock();
    for (; !due.empty(); due.pop_front()) due.front()();
    lock.lock();
  }
}

}  // namespace spheregate::upstream
