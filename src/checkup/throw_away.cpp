#include "throw_away.hpp"

#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/rand.h>

#include <array>
#include <string>
#include <string_view>

#include "spheregate/base/check.hpp"

namespace spheregate::checkup {
namespace {

std::string newName() {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, 56> random{};
  SPHEREGATE_CHECK(RAND_bytes(random.data(), static_cast<int>(random.size())) == 1);
  std::string name{kThrowAwayName};
  for (const unsigned char byte : random) {
    name += digits[byte >> 4];
    name += digits[byte & 15];
  }
  return name;
}

}  // namespace

ThrowAway makeThrowAway() {
  constexpr long ago = -300;  // as Azure Sphere dates them back
  constexpr long day = 86'400;
  ThrowAway made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  SPHEREGATE_CHECK(made.key && made.certificate);
  X509* certificate = made.certificate.get();
  const std::string name = newName();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  // A type without the MBSTRING flag is not held to the limit of 64 characters.
  X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, V_ASN1_PRINTABLESTRING,
                             reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_gmtime_adj(X509_getm_notBefore(certificate), ago);
  X509_gmtime_adj(X509_getm_notAfter(certificate), day);
  X509_set_pubkey(certificate, made.key.get());
  SPHEREGATE_CHECK(X509_sign(certificate, made.key.get(), EVP_sha256()) > 0);
  return made;
}

}  // namespace spheregate::checkup
