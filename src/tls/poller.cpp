#include "poller.hpp"

#include <unistd.h>

#include "limits.hpp"
#include "spheregate/base/check.hpp"

namespace spheregate::tls {

Poller::Poller(boost::asio::io_context& loop)
    : boost::asio::execution_context::service{loop},
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
    if (error)
      goOn();
    else
      awoken();
  });
}

void Poller::goOn() {
  waiting_ = false;
  if (set_ >= 0) await();
}

void Poller::awoken() {
  serve(std::chrono::nanoseconds::max());
  goOn();
}

bool Poller::serve(std::chrono::nanoseconds timeMax) {
  if (set_ < 0) return false;
  if (next_ == count_) {
    const int found = ::epoll_wait(set_, found_.data(), static_cast<int>(found_.size()), 0);
    count_ = found > 0 ? static_cast<std::size_t>(found) : 0;
    next_ = 0;
  }
  const bool timed = timeMax != std::chrono::nanoseconds::max();
  const auto began = timed ? std::chrono::steady_clock::now() : std::chrono::steady_clock::time_point{};
  while (next_ < count_) {
    const epoll_event event = found_[next_++];
    if (event.data.ptr == nullptr) continue;
    static_cast<Watcher*>(event.data.ptr)->ready(event.events);
    if (timed && std::chrono::steady_clock::now() - began >= timeMax) break;
  }
  return next_ < count_;
}

HandshakePoller::HandshakePoller(boost::asio::io_context& loop) : Poller{loop}, door_{DoorTurn::of(loop)} {}

void HandshakePoller::awoken() {
  door_.add([this] {
    if (serve(kDoorTurn))
      awoken();
    else
      goOn();
  });
}

}  // namespace spheregate::tls
