#pragma once

#include <filesystem>

#include "spheregate/config/config.hpp"

namespace spheregate::app {

// Runs the gateway until SIGTERM or SIGINT; `file` is where the configuration was read from, and is watched from then on. Returns the process's exit code: 0 after a graceful stop, 78 after one line
// on stderr when something that the configuration names cannot be used. When stopping takes too long, or a second signal comes,
// the process ends at once with 1; what was acknowledged is safe then too.
int runDaemon(const config::Config& config, const std::filesystem::path& file);

}  // namespace spheregate::app
