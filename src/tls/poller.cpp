#include "poller.hpp"

#include <unistd.h>

#include <boost/asio/post.hpp>

#include "limits.hpp"
#include "spheregate/base/check.hpp"

namespace spheregate::tls {

Poller::Poller(boost::asio::io_context& loop, std::chrono::nanoseconds turnTimeMax)
    : boost::asio::execution_context::service{loop},
      loop_{loop},
      turnTimeMax_{turnTimeMax},
      set_{::epoll_create1(EPOLL_CLOEXEC)},
      descriptor_{loop} {
  SPHEREGATE_CHECK(set_ >= 0);
  descriptor_.assign(set_);
}

Poller::~Poller() = default;

// Watchers that die later, with the loop's last handlers, still call `remove`; that does no harm on a closed set.
void Poller::shutdown() {
  boost::system::error_code ignored;
  descriptor_.close(ignored);
  set_ = -1;
}

void Poller::add(int descriptor, std::uint32_t events, Watcher& watcher) {
  epoll_event event{.events = events, .data = {.ptr = &watcher}};
  SPHEREGATE_CHECK(::epoll_ctl(set_, EPOLL_CTL_ADD, descriptor, &event) == 0);
  ++watched_;
  await();
}

void Poller::change(int descriptor, std::uint32_t events, Watcher& watcher) {
  epoll_event event{.events = events, .data = {.ptr = &watcher}};
  SPHEREGATE_CHECK(::epoll_ctl(set_, EPOLL_CTL_MOD, descriptor, &event) == 0);
}

void Poller::remove(int descriptor, Watcher& watcher) {
  if (set_ < 0) return;
  SPHEREGATE_CHECK(::epoll_ctl(set_, EPOLL_CTL_DEL, descriptor, nullptr) == 0);
  for (std::size_t index = next_; index < count_; ++index) {
    if (found_[index].data.ptr == &watcher) found_[index].data.ptr = nullptr;
  }
  // With nobody to watch, the loop may run out of work and end.
  if (--watched_ == 0) descriptor_.cancel();
}

void Poller::await() {
  if (waiting_ || watched_ == 0) return;
  waiting_ = true;
  descriptor_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (!error) serve();
    goOn();
  });
}

// What was found and not served comes first in the next turn, behind all that is in the loop's queue already.
void Poller::goOn() {
  waiting_ = false;
  if (set_ < 0) return;
  if (next_ == count_) return await();
  waiting_ = true;
  boost::asio::post(loop_, [this] {
    if (set_ >= 0) serve();
    goOn();
  });
}

void Poller::serve() {
  if (next_ == count_) {
    const int found = ::epoll_wait(set_, found_.data(), static_cast<int>(found_.size()), 0);
    count_ = found > 0 ? static_cast<std::size_t>(found) : 0;
    next_ = 0;
  }
  const bool timed = turnTimeMax_ != std::chrono::nanoseconds::max();
  const auto began = timed ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point{};
  while (next_ < count_) {
    const epoll_event event = found_[next_++];
    if (event.data.ptr == nullptr) continue;
    static_cast<Watcher*>(event.data.ptr)->ready(event.events);
    if (timed && std::chrono::steady_clock::now() - began >= turnTimeMax_) return;
  }
}

HandshakePoller::HandshakePoller(boost::asio::io_context& loop) : Poller{loop, kHandshakeTurn} {}

}  // namespace spheregate::tls
