#pragma once

#include "spheregate/config/config.hpp"

namespace spheregate::app {

// Runs the gateway until SIGTERM or SIGINT. Returns the process's exit code; a start-up fault is one line on stderr that names
// the file and the fix, and 78 when the configuration is to blame, 1 otherwise.
int runDaemon(const config::Config& config);

}  // namespace spheregate::app
