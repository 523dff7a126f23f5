#pragma once

#include "spheregate/ops/service.hpp"
#include "spheregate/tls/listener.hpp"

namespace spheregate::app {

// Looks what systemd hands over, and lets the listener have it: the socket of spheregate.socket wherever that listens (a difference from
// the configuration is logged), or the one that an earlier start bound, if the configuration still says so. Throws a StartupError. Before
// there are other threads.
void inheritDoor(tls::ListenerSettings& settings);

// Has systemd keep the socket that this process bound, so that a restart refuses nobody. What was inherited is kept already.
void keepDoor(const tls::ListenerSettings& settings, const tls::Listener& listener, ops::Service& service);

}  // namespace spheregate::app
