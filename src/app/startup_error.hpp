#pragma once

#include <stdexcept>

namespace spheregate::app {

// Something a file or a port is to blame for, found while the daemon starts. The text names it and says what to do.
class StartupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace spheregate::app
