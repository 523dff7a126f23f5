#pragma once

#include "spheregate/identity/admission.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::app {

// Lets the TLS listener ask the admission, which it does not know. The admission must outlive the listener.
tls::Judge judgeBy(const identity::Admission& admission);

}  // namespace spheregate::app
