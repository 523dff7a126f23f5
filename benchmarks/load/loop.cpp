#include "loop.hpp"

#include <sys/epoll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace spheregate::load {
namespace {

void control(int epoll, int operation, int descriptor, Loop::Source& source, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.ptr = &source;
  if (epoll_ctl(epoll, operation, descriptor, &event) != 0) throw std::system_error(errno, std::generic_category(), "epoll_ctl");
}

}  // namespace

Loop::Loop() : epoll_{epoll_create1(EPOLL_CLOEXEC)} {
  if (epoll_ < 0) throw std::system_error(errno, std::generic_category(), "epoll_create1");
  // Without it the kernel adds up to 50 µs to each wait, which is the whole interval at 20,000 messages a second.
  prctl(PR_SET_TIMERSLACK, 1UL);
}

Loop::~Loop() { close(epoll_); }

void Loop::add(int descriptor, Source& source, std::uint32_t events) {
  control(epoll_, EPOLL_CTL_ADD, descriptor, source, events);
}

void Loop::change(int descriptor, Source& source, std::uint32_t events) {
  control(epoll_, EPOLL_CTL_MOD, descriptor, source, events);
}

void Loop::turn(Nanoseconds waitMax) {
  std::array<epoll_event, 256> events;
  const timespec wait{static_cast<time_t>(waitMax / kSecond), static_cast<long>(waitMax % kSecond)};
  const int count = epoll_pwait2(epoll_, events.data(), static_cast<int>(events.size()), &wait, nullptr);
  if (count < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "epoll_pwait2");
  for (int index = 0; index < count; ++index) {
    const epoll_event& event = events[static_cast<std::size_t>(index)];
    static_cast<Source*>(event.data.ptr)->ready(event.events);
  }
}

}  // namespace spheregate::load
