#pragma once

#include <filesystem>

#include "loop_delay.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/queue/disk.hpp"
#include "store_room.hpp"

namespace spheregate::app {

// What is measured of the gateway as a whole and belongs to no room: its version, how fast its loop turns, the room on its disk, the memory
// it may have. Core thread only.
class Vitals {
 public:
  Vitals(const std::filesystem::path& store, queue::DiskRunner& runner, base::Timers& timers, metrics::Registry& metrics);

 private:
  LoopDelay loopDelay_;
  StoreRoom storeRoom_;
};

}  // namespace spheregate::app
