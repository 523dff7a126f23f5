#pragma once

#include <cstdint>
#include <string>

#include "spheregate/base/result.hpp"
#include "spheregate/tls/settings.hpp"
#include "spheregate/upstream/control_client.hpp"

namespace spheregate::upstream {

// How the gateway's own client reaches a host: by the transport, the trust anchors and the proxy that the links have. Port 0: the one of the
// transport. Reads the proxy's password; the error names the file.
base::Explained<ControlAddress> controlAddress(const tls::ConnectorSettings& way, std::string host, std::uint16_t port);

}  // namespace spheregate::upstream
