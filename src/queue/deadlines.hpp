#pragma once

#include <deque>
#include <functional>
#include <utility>

#include "core.hpp"

namespace spheregate::queue {

// When each message that is only in memory must be written, unless the hub has it by then. All waits are equally long, so the
// first to come is the first to be due.
class Deadlines {
 public:
  using Due = std::function<void(DeviceQueue&, Sequence)>;

  Deadlines(Core& core, Due due) : core_{core}, due_{std::move(due)}, timer_{core.timers} {}

  void add(DeviceQueue& queue, Sequence sequence);
  // Memory is short, or the end is near.
  void allNow();
  // Drops from the front those that have left; called often enough, only those that really wait are kept.
  void forget();

 private:
  struct Wait {
    DeviceQueue* queue;
    Sequence sequence;
    base::MonoTime due;
  };

  static bool pending(const Wait& wait);
  void serve(base::MonoTime until);

  Core& core_;
  Due due_;
  base::Timer timer_;
  std::deque<Wait> waits_;
};

}  // namespace spheregate::queue
