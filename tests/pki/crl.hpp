#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pki/certificate.hpp"

namespace spheregate::testpki {

using Crl = std::shared_ptr<X509_CRL>;

struct CrlFields {
  Time thisUpdate;
  std::optional<Time> nextUpdate{};
  std::optional<long> number{};
  std::vector<Certificate> revoked{};
  std::optional<int> reason{};  // CRL_REASON_…, of every entry
  std::vector<Extension> extensions{};
  std::size_t fillers = 0;  // entries for serial numbers that nobody has
  const EVP_MD* digest = nullptr;  // null: SHA-384 for P-384, SHA-256 for any other
};

Crl makeCrl(const CrlFields& fields, const Issued& issuer);

std::string pem(X509_CRL& crl);
std::string der(X509_CRL& crl);

}  // namespace spheregate::testpki
