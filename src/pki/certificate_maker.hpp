#pragma once

#include <string>
#include <vector>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::pki {

struct Validity {
  base::WallTime from;
  base::WallTime until;
};

// A P-256 key: small certificates and cheap signatures, and every TLS library of a device has the curve.
base::Explained<x509::PrivateKeyHandle> makeKey();
// PKCS#8, not encrypted: the gateway starts without a person. The error says only that the text is no such key.
base::Explained<std::string> keyText(const EVP_PKEY& key);
base::Explained<x509::PrivateKeyHandle> keyFromText(const std::string& text);

// A root for the gateway's server certificates and nothing below them.
base::Explained<x509::CertificateHandle> makeRoot(EVP_PKEY& key, const std::string& organization, Validity validity);

struct ServerNames {
  std::string commonName;
  std::string subjectAltNames;  // in OpenSSL's language: `DNS:gateway.plant.example,IP:10.0.0.5`
};
base::Explained<x509::CertificateHandle> makeServer(EVP_PKEY& publicKey, const ServerNames& names, Validity validity,
                                                    X509& issuer, EVP_PKEY& issuerKey);
// The same subject, names and key as `old`, for another time.
base::Explained<x509::CertificateHandle> renewServer(X509& old, Validity validity, X509& issuer, EVP_PKEY& issuerKey);

}  // namespace spheregate::pki
