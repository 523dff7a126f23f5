#pragma once

#include "spheregate/checkup/subject.hpp"
#include "spheregate/config/config.hpp"

namespace spheregate::app {

// Asks the daemon that has this configuration what it says of itself. Blocks for a few seconds at most.
checkup::DaemonWord askDaemon(const config::Config& config);

}  // namespace spheregate::app
