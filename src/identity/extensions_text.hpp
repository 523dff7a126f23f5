#pragma once

#include <openssl/x509.h>

#include <string>

namespace spheregate::identity {

// `X509v3 Key Usage (critical): Encipher Only; …`, for a person who wonders what a certificate is for. At most 600 bytes of ASCII.
std::string extensionsText(X509& certificate);

}  // namespace spheregate::identity
