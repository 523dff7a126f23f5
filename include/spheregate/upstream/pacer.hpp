#pragma once

#include <cstdint>
#include <functional>
#include <map>

#include "spheregate/base/timers.hpp"

namespace spheregate::upstream {

// Lets at most so many new hub connections begin in a second, first come first served: IoT Hub throttles new connections
// (100 a second on S1), and a storm of them is answered with drops. A burst of one second's worth may begin at once.
class Pacer {
 public:
  using Turn = std::function<void()>;
  using Ticket = std::uint64_t;

  Pacer(base::Timers& timers, double perSecond);

  // `turn` runs on the core thread, never inside this call.
  Ticket queue(Turn turn);
  // Gives up the place; no effect when the turn has come already.
  void leave(Ticket ticket);
  std::size_t waiting() const { return waiting_.size(); }

 private:
  void serve();
  void arm();

  base::Timers& timers_;
  double perSecond_;
  double burst_;
  double tokens_;
  base::MonoTime refilled_;
  Ticket next_ = 1;
  std::map<Ticket, Turn> waiting_;
  base::Timer timer_;
};

}  // namespace spheregate::upstream
