#pragma once

#include <cstdint>

#include "clock.hpp"

namespace spheregate::load {

// A bare epoll loop for one thread; Asio would cost the generator more for each event than the events are worth here.
class Loop {
 public:
  // Something with a file descriptor. It must outlive the loop: connections are reused, never destroyed, so an event that was
  // fetched before a descriptor closed can at worst be a needless one.
  class Source {
   public:
    virtual void ready(std::uint32_t events) = 0;

   protected:
    ~Source() = default;
  };

  Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;
  ~Loop();

  void add(int descriptor, Source& source, std::uint32_t events);
  void change(int descriptor, Source& source, std::uint32_t events);
  // Waits at most so long, to the microsecond, and serves what is ready.
  void turn(Nanoseconds waitMax);

 private:
  int epoll_;
};

}  // namespace spheregate::load
