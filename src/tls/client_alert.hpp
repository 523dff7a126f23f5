#pragma once

#include "refusal.hpp"

namespace spheregate::tls {

// What an alert (SSL_AD_…) of a device says about the certificate it was shown, or about its own TLS.
Refusal clientAlert(int alert, const Situation& situation);

// Whether a name that a device dialled is among those of a certificate: case does not matter, `*` stands for one label.
bool covers(const ShownCertificate& shown, std::string_view dialled);

// "the device dialled `a`, and the gateway's certificate is for `b` and `c`"
Refusal wrongName(const Situation& situation, const std::string& how);

// `b`, `c` and 3 more
std::string namesIn(const ShownCertificate& shown);

// What kind of key the gateway's certificate has: `an ECDSA key on P-256`, `an RSA key of 2048 bits`.
std::string keyWords(SSL& ssl);

}  // namespace spheregate::tls
