#include "pki/crl.hpp"

#include <openssl/pem.h>

#include <utility>

#include "pki/openssl.hpp"

namespace spheregate::testpki {
namespace {

using Integer = std::unique_ptr<ASN1_INTEGER, decltype(&ASN1_INTEGER_free)>;
using MadeTime = std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)>;

MadeTime timeOf(Time time) {
  return {needed(ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(time)), "a time"), ASN1_TIME_free};
}

Integer integer(long value) {
  Integer made{needed(ASN1_INTEGER_new(), "a number"), ASN1_INTEGER_free};
  needed(ASN1_INTEGER_set(made.get(), value), "a number");
  return made;
}

void revoke(X509_CRL& crl, const ASN1_INTEGER& serial, Time at, std::optional<int> reason) {
  X509_REVOKED* entry = needed(X509_REVOKED_new(), "an entry");
  needed(X509_REVOKED_set_serialNumber(entry, const_cast<ASN1_INTEGER*>(&serial)), "a serial number");
  needed(X509_REVOKED_set_revocationDate(entry, timeOf(at).get()), "a time");
  if (reason) {
    const std::unique_ptr<ASN1_ENUMERATED, decltype(&ASN1_ENUMERATED_free)> code{needed(ASN1_ENUMERATED_new(), "a reason"), ASN1_ENUMERATED_free};
    needed(ASN1_ENUMERATED_set(code.get(), *reason), "a reason");
    needed(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, code.get(), 0, 0), "a reason");
  }
  needed(X509_CRL_add0_revoked(&crl, entry), "an entry");
}

}  // namespace

Crl makeCrl(const CrlFields& fields, const Issued& issuer) {
  constexpr int kP384Bits = 384;
  constexpr long kFirstFiller = 1'000'000;
  Crl crl{needed(X509_CRL_new(), "a list"), X509_CRL_free};
  needed(X509_CRL_set_version(crl.get(), 1), "a version");
  needed(X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(issuer.certificate.get())), "an issuer");
  needed(X509_CRL_set1_lastUpdate(crl.get(), timeOf(fields.thisUpdate).get()), "a time");
  if (fields.nextUpdate) needed(X509_CRL_set1_nextUpdate(crl.get(), timeOf(*fields.nextUpdate).get()), "a time");
  for (std::size_t number = 0; number < fields.fillers; ++number) {
    revoke(*crl, *integer(kFirstFiller + static_cast<long>(number)), fields.thisUpdate, {});
  }
  for (const Certificate& certificate : fields.revoked) {
    revoke(*crl, *X509_get0_serialNumber(certificate.get()), fields.thisUpdate, fields.reason);
  }
  if (fields.number) needed(X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, integer(*fields.number).get(), 0, 0), "a number");
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer.certificate.get(), nullptr, nullptr, crl.get(), 0);
  for (const Extension& wanted : fields.extensions) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension{
        needed(X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.value.c_str()), wanted.value.c_str()), X509_EXTENSION_free};
    needed(X509_CRL_add_ext(crl.get(), extension.get(), -1), "an extension");
  }
  needed(X509_CRL_sort(crl.get()), "an order");
  const EVP_MD* usual = EVP_PKEY_get_bits(issuer.key.get()) == kP384Bits ? EVP_sha384() : EVP_sha256();
  needed(X509_CRL_sign(crl.get(), issuer.key.get(), fields.digest != nullptr ? fields.digest : usual), "a signature");
  return crl;
}

std::string pem(X509_CRL& crl) {
  const Bio bio = memoryBio();
  needed(PEM_write_bio_X509_CRL(bio.get(), &crl), "a list in PEM form");
  return textOf(*bio);
}

std::string der(X509_CRL& crl) {
  const Bio bio = memoryBio();
  needed(i2d_X509_CRL_bio(bio.get(), &crl), "a list in DER form");
  return textOf(*bio);
}

}  // namespace spheregate::testpki
