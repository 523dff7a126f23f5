#pragma once

#include "spheregate/tls/settings.hpp"
#include "spheregate/upstream/control_client.hpp"

namespace spheregate::app {

// The same way out for the gateway's own MQTT clients as for the devices' links. Throws StartupError when the proxy's password cannot
// be read.
upstream::ControlAddress controlAddress(const tls::ConnectorSettings& reach);

}  // namespace spheregate::app
