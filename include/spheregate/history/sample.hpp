#pragma once

#include <cstddef>
#include <cstdint>

namespace spheregate::history {

// The gateway at one moment.
struct Sample {
  // Messages of all devices, ever; they only grow.
  std::uint64_t accepted = 0;
  std::uint64_t delivered = 0;
  // Now.
  std::uint64_t queueMessages = 0;
  std::uint64_t queueBytes = 0;
  double queueOldestAgeSeconds = 0;
  std::size_t devicesConnected = 0;
  bool uplink = false;  // a device gets through to the hub
};

}  // namespace spheregate::history
