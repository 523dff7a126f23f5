#pragma once

#include <openssl/x509.h>

#include <string>

namespace spheregate::identity {

// Why a list cannot be used by itself, or at all; empty when it can.
std::string unusable(X509_CRL& crl);
// Which part of the CA's revocations it has: the DER form of the extension that says so; empty when it has all.
std::string partOf(X509_CRL& crl);
// Whether `one` replaces `other`, which is of the same CA and part.
bool newerThan(X509_CRL& one, X509_CRL& other);
// Whether the key of `ca` signed the list. A name that fits costs one signature check.
bool signedBy(X509_CRL& crl, X509& ca);
// `key compromise`; null when the entry gives none.
const char* reasonOf(const X509_REVOKED& entry);

}  // namespace spheregate::identity
