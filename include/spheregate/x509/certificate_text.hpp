#pragma once

#include <openssl/x509.h>

#include <cstdint>
#include <string>

namespace spheregate::x509 {

// Of the DER form, in lower-case hexadecimal.
std::string sha256(X509& certificate);
// The same; Azure Sphere's tools name certificates by it.
std::string sha1(X509& certificate);
// In PEM form; empty when memory ran out.
std::string pemText(X509& certificate);
// `C=US, O=Contoso, CN=Name`, with what is not ASCII escaped.
std::string nameText(const X509_NAME& name);
// The GUID that is the last word of the common name, in lower case; empty when there is none. The words before it vary.
std::string guidAtEnd(const X509_NAME& name);

std::int64_t unixSeconds(const ASN1_TIME& time);
// 2026-07-31T12:00:00Z
std::string timeText(std::int64_t unixSeconds);
// The two largest units of a span: `3 h 12 min`, `2 d 4 h`, `40 s`.
std::string spanText(std::int64_t seconds);

}  // namespace spheregate::x509
