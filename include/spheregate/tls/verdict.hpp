#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace spheregate::tls {

// What is known of a certificate, for logs and status pages. Names and serial have at most 256 bytes; what is longer is cut.
struct CertificateFacts {
  std::string commonName;  // escaped for printing; several names are joined; empty when there is none
  std::string issuer;
  std::string serial;     // hexadecimal
  std::string notBefore;  // ISO 8601, UTC
  std::string notAfter;
  std::string sha256;                // of the DER form, lower-case hex
  std::int64_t notBeforeSeconds = 0;  // Unix time
  std::int64_t notAfterSeconds = 0;
};

CertificateFacts certificateFacts(X509& certificate);

// Whether a peer's certificate lets it in, judged during the handshake by somebody who knows the fleet.
struct Verdict {
  bool accepted = false;
  std::string deviceId;       // accepted: whom the connection speaks for
  std::string caSha256;       // accepted: the anchor that vouched for it
  const char* result = "ok";  // label of tls_handshakes_total: unknown_ca, expired, not_yet_valid, bad_name, denied, …
  std::string reason;         // refused: what is wrong, in a sentence
  std::string fix;            // refused: what to do
  int x509Error = 0;          // refused: X509_V_ERR_… so that the TLS alert is right
  CertificateFacts certificate;
};

// Called on the core thread with the leaf the peer sent (never null). What else the peer sent is deliberately not passed on.
// Never returns null, never throws.
using Judge = std::function<std::shared_ptr<const Verdict>(X509& leaf)>;

}  // namespace spheregate::tls
