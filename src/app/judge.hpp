#pragma once

#include <stdexcept>

#include "spheregate/identity/admission.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::app {

// Something a file or a port is to blame for, found while the daemon starts. The text names it and says what to do.
class StartupError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Lets the TLS listener ask the admission, which it does not know. The admission must outlive the listener.
tls::Judge judgeBy(const identity::Admission& admission);

}  // namespace spheregate::app
