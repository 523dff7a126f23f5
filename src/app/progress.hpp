#pragma once

#include "spheregate/ops/service.hpp"
#include "spheregate/queue/disk.hpp"
#include "spheregate/state/store.hpp"

namespace spheregate::app {

// What the watchdog takes for progress: the loop turns (only then is this asked), and the disk's thread and the store's both answer. How
// the hub is does not matter: an outage is normal, and a link on which it acknowledges nothing is rebuilt by `upstream`; a restart would
// help neither. Both outlive what this returns.
ops::Service::Standstill standstillOf(queue::DiskRunner& disk, state::Store& store);

}  // namespace spheregate::app
