#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

namespace spheregate::testpki {

// OpenSSL counts references itself; this only makes sharing a key between certificates as easy in C++.
using Key = std::shared_ptr<EVP_PKEY>;

Key makeEcKey(const char* curve = "P-256");
Key makeRsaKey(unsigned bits = 2048);

// How Azure Sphere names a device: the 64 bytes X‖Y of its P-256 public key in lower-case hexadecimal.
std::string sphereId(const EVP_PKEY& key);

// PKCS#8.
std::string pem(const EVP_PKEY& key);

}  // namespace spheregate::testpki
