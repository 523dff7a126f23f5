#include "throw_away.hpp"

#include <openssl/ec.h>
#include <openssl/objects.h>

#include "spheregate/base/check.hpp"

namespace spheregate::checkup {

ThrowAway makeThrowAway() {
  constexpr long ago = -300;  // as Azure Sphere dates them back
  constexpr long day = 86'400;
  ThrowAway made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  SPHEREGATE_CHECK(made.key && made.certificate);
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
  X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, V_ASN1_PRINTABLESTRING,
                             reinterpret_cast<const unsigned char*>(kThrowAwayName.data()), static_cast<int>(kThrowAwayName.size()), -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
  X509_gmtime_adj(X509_getm_notBefore(certificate), ago);
  X509_gmtime_adj(X509_getm_notAfter(certificate), day);
  X509_set_pubkey(certificate, made.key.get());
  SPHEREGATE_CHECK(X509_sign(certificate, made.key.get(), EVP_sha256()) > 0);
  return made;
}

}  // namespace spheregate::checkup
