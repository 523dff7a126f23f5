#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "spheregate/base/timers.hpp"

namespace spheregate::hubsim {

// Runs the timers when they are due, on the loop.
class TimerDriver {
 public:
  TimerDriver(boost::asio::io_context& loop, base::Timers& timers) : timers_{timers}, alarm_{loop} {
    timers_.onEarlier([this] { arm(); });
    arm();
  }
  TimerDriver(const TimerDriver&) = delete;
  TimerDriver& operator=(const TimerDriver&) = delete;
  ~TimerDriver() { timers_.onEarlier({}); }

 private:
  void arm() {
    const auto next = timers_.next();
    if (!next) return;
    alarm_.expires_at(*next);
    alarm_.async_wait([this](boost::system::error_code error) {
      if (error) return;
      timers_.run(timers_.now());
      arm();
    });
  }

  base::Timers& timers_;
  boost::asio::steady_timer alarm_;
};

}  // namespace spheregate::hubsim
