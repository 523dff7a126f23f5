#pragma once

#include <cstdint>
#include <map>

#include "core.hpp"
#include "spheregate/queue/disk.hpp"

namespace spheregate::queue {

struct Recovered {
  std::uint64_t segments = 0;
  std::uint64_t messages = 0;
  std::uint64_t lost = 0;          // messages that had been stored and are in no sound record
  std::map<DeviceKey, std::uint64_t> lostOf;  // the same by device
  std::uint64_t orphans = 0;       // of these, of devices that nobody can name
  std::uint64_t damagedBytes = 0;  // in the middle of segments
  std::uint64_t tornBytes = 0;     // at their ends
};

// Reads the whole store into queues, books and segments. Damage costs what it hit and no more; the error is for a disk that does not
// answer, and leaves the files as they were.
base::Result<Recovered> recover(Core& core, Disk& disk);

}  // namespace spheregate::queue
