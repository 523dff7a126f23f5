#pragma once

#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pki/key.hpp"

namespace spheregate::testpki {

using Certificate = std::shared_ptr<X509>;
using Time = std::chrono::system_clock::time_point;

// Any bytes under any string type: the 64 characters that X.509 allows a common name are not enforced.
struct NamePart {
  int nid = NID_commonName;
  std::string text;
  int type = V_ASN1_PRINTABLESTRING;
};
using Name = std::vector<NamePart>;

// The value in the language of OpenSSL's configuration: "critical,CA:TRUE", "clientAuth", "critical,DER:30:00".
struct Extension {
  int nid = NID_undef;
  std::string value;
};

struct Validity {
  Time from;
  Time until;
};

struct Fields {
  Name subject;
  Validity validity;
  std::vector<Extension> extensions;
  int version = 3;
};

struct Issued {
  Key key;
  Certificate certificate;
};

Issued selfSigned(const Fields& fields, Key key);
// Signed with SHA-384 by a P-384 issuer, with SHA-256 by any other.
Issued issue(const Fields& fields, Key key, const Issued& issuer);

std::string pem(X509& certificate);
std::string der(X509& certificate);

}  // namespace spheregate::testpki
