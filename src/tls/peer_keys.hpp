#pragma once

#include "openssl.hpp"

namespace spheregate::tls {

// OpenSSL reads the keys of all certificates that a peer sends before anybody is asked about the peer, and a key can be made so that
// this takes a second: an elliptic curve of the peer's own, a point that has to be computed. A Certificate message with a key that is
// not RSA, Ed25519, Ed448, or a whole point on a curve with a name ends the handshake unread, with SSL_R_UNKNOWN_CERTIFICATE_TYPE.
// For SSL_CTX_set_msg_callback, or to be called by what is set there.
void screenPeerKeys(int written, int version, int kind, const void* data, std::size_t size, SSL* ssl, void* unused);

}  // namespace spheregate::tls
