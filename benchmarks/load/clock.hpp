#pragma once

#include <ctime>

#include <cstdint>

namespace spheregate::load {

// Nanoseconds of the one monotonic clock that both ends are measured with.
using Nanoseconds = std::uint64_t;

inline constexpr Nanoseconds kMillisecond = 1'000'000;
inline constexpr Nanoseconds kSecond = 1'000'000'000;

inline Nanoseconds now() {
  timespec time{};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<Nanoseconds>(time.tv_sec) * kSecond + static_cast<Nanoseconds>(time.tv_nsec);
}

inline double secondsBetween(Nanoseconds from, Nanoseconds to) {
  return static_cast<double>(to - from) / static_cast<double>(kSecond);
}

}  // namespace spheregate::load
