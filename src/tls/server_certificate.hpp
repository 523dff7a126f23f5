#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "openssl.hpp"
#include "spheregate/base/result.hpp"

namespace spheregate::tls {

// What the gateway shows to devices.
struct ServerCertificate {
  std::vector<x509::CertificateHandle> chain;  // leaf first, then each one's issuer
  x509::PrivateKeyHandle key;
};

// Reads PEM files, and the key from wherever `readPrivateKey` finds it. The leaf must come first, as the key says; its issuers may follow in any order. The error names the file, what
// is wrong and what to do.
base::Explained<ServerCertificate> readServerCertificate(const std::filesystem::path& certificate,
                                                         const std::string& privateKey);

}  // namespace spheregate::tls
