#pragma once

#include "spheregate/identity/admission.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::app {

// Lets the TLS listener ask the admission, which it does not know. The admission must outlive the listener.
tls::Judge judgeBy(identity::Admission& admission);
// Of an accepted one: what the admission remembers of who is connected.
identity::Admitted admittedBy(const tls::Verdict& verdict);

}  // namespace spheregate::app
