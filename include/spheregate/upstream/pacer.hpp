#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "spheregate/base/timers.hpp"
#include "spheregate/upstream/bucket.hpp"

namespace spheregate::upstream {

// Lets at most so many things of one kind begin in a second, first come first served: new hub connections, twin reads, twin
// updates. IoT Hub throttles each (100 new connections a second on S1), and a storm of them is answered with drops.
class Pacer {
 public:
  using Turn = std::function<void()>;
  using Ticket = std::uint64_t;

  // 0: no limit.
  Pacer(base::Timers& timers, double perSecond);

  // `turn` runs on the core thread, never inside this call. The ticket is never 0.
  Ticket queue(Turn turn);
  // Gives up the place; no effect when the turn has come already.
  void leave(Ticket ticket);
  // True when it may begin at once, and then it counts. Never past somebody who waits.
  bool take();
  std::size_t waiting() const { return waiting_.size(); }

 private:
  void serve();
  void arm();

  base::Timers& timers_;
  Bucket bucket_;
  Ticket next_ = 1;
  std::map<Ticket, Turn> waiting_;
  base::Timer timer_;
};

}  // namespace spheregate::upstream
