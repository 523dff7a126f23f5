#pragma once

#include <sys/types.h>

#include <cstdint>

#include "clock.hpp"

namespace spheregate::load {

// What the process under measurement and its children have used since they began.
struct PeerUsage {
  Nanoseconds at = 0;
  double cpuSeconds = 0;               // user and system
  std::uint64_t residentBytes = 0;     // shared pages counted by share (PSS)
  std::uint64_t diskWrittenBytes = 0;  // as the kernel counts what a process made it write to a device

  // Throws in words when the process is gone. A `process` of 0 is nobody, and has used nothing.
  static PeerUsage of(pid_t process);
};

}  // namespace spheregate::load
