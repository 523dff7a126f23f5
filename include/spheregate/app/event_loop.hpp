#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>

#include "spheregate/base/timers.hpp"

namespace spheregate::app {

// The core thread's loop: Asio for sockets, and the one Asio timer that drives all of the daemon's `Timers`.
class EventLoop {
 public:
  EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  boost::asio::io_context& asio() { return loop_; }
  base::Timers& timers() { return timers_; }
  const base::Clock& clock() const { return clock_; }

  // From any thread: run it on the core thread.
  void post(std::function<void()> job);
  // Until `stop`.
  void run();
  void stop() { loop_.stop(); }

 private:
  void arm();
  void serve();

  base::SystemClock clock_;
  base::Timers timers_{clock_};
  boost::asio::io_context loop_{1};
  boost::asio::steady_timer alarm_{loop_};
  base::MonoTime alarmAt_ = base::MonoTime::max();
  bool posted_ = false;
};

}  // namespace spheregate::app
