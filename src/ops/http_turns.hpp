#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>

namespace spheregate::ops {

// Whose request is worked on next. The devices are served by the same thread, so all requests together have a fifth of its time: after each there is
// a rest, four times as long as it took. Whoever asked first is first. Core thread only.
class HttpTurns : public std::enable_shared_from_this<HttpTurns> {
 public:
  using Time = std::chrono::steady_clock;
  static constexpr int kRests = 4;

  explicit HttpTurns(const boost::asio::any_io_executor& executor) : rest_{executor} {}

  // Runs the work at once, or when its turn has come, unless `who` is gone by then. `charge` is what it costs at least, for work that only
  // begins here.
  void ask(std::weak_ptr<void> who, std::function<void()> work, Time::duration charge = {});

 private:
  struct Waiting {
    std::weak_ptr<void> who;
    std::function<void()> work;
    Time::duration charge;
  };
  void serve();

  std::deque<Waiting> line_;
  boost::asio::steady_timer rest_;
  Time::time_point free_{};
  bool resting_ = false;  // or serving
};

}  // namespace spheregate::ops
