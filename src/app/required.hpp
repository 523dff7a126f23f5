#pragma once

#include <utility>

#include "spheregate/base/result.hpp"
#include "startup_error.hpp"

namespace spheregate::app {

// A part that could not be made at start-up becomes one line on stderr and exit code 78.
template <class T>
T required(base::Explained<T> made) {
  if (!made) throw StartupError{made.error()};
  return std::move(*made);
}

}  // namespace spheregate::app
