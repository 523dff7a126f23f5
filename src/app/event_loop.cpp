#include "spheregate/app/event_loop.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <utility>

namespace spheregate::app {

EventLoop::EventLoop() {
  timers_.onEarlier([this] { arm(); });
}

void EventLoop::post(std::function<void()> job) { boost::asio::post(loop_, std::move(job)); }

void EventLoop::run() {
  const auto work = boost::asio::make_work_guard(loop_);
  arm();
  loop_.run();
}

// A timer that is due already costs a place in Asio's queue, not a system call; custody uses one in nearly every turn.
void EventLoop::arm() {
  const auto due = timers_.next();
  if (!due || posted_) return;
  if (*due <= clock_.now()) {
    posted_ = true;
    boost::asio::post(loop_, [this] {
      posted_ = false;
      serve();
    });
    return;
  }
  if (*due == alarmAt_) return;
  alarmAt_ = *due;
  alarm_.expires_at(*due);
  alarm_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    alarmAt_ = base::MonoTime::max();
    serve();
  });
}

void EventLoop::serve() {
  timers_.run(clock_.now());
  arm();
}

}  // namespace spheregate::app
