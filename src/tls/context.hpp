#pragma once

#include "openssl.hpp"
#include "server_certificate.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/tls/settings.hpp"

namespace spheregate::tls {

// For devices: demands a certificate; how it is judged is for the caller to set.
base::Explained<SslContext> serverContext(const ServerCertificate& certificate, MinVersion minVersion);

// For the hub: verifies its chain. The error names the file of trust anchors.
base::Explained<SslContext> clientContext(const ConnectorSettings& settings);

// Forgets the certificates a peer sent with its own, after the handshake. They are several kilobytes a connection that nobody
// looks at again.
void forgetPeerChain(const SSL& ssl);

}  // namespace spheregate::tls
