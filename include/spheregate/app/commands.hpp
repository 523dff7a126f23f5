#pragma once

namespace spheregate::app {

// Does what the command line says and returns the process's exit code: 0 good, 1 failed, 2 wrong usage, 78 bad configuration.
int runCommand(int argc, const char* const* argv);

}  // namespace spheregate::app
