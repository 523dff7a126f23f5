#include "pki/certificate.hpp"

#include <openssl/pem.h>
#include <openssl/rand.h>

#include <array>
#include <utility>

#include "pki/openssl.hpp"

namespace spheregate::testpki {
namespace {

void setSerial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  needed(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1, "random bytes");
  const std::unique_ptr<BIGNUM, decltype(&BN_free)> number{BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr),
                                                           BN_free};
  needed(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)), "a serial number");
}

void setSubject(X509& certificate, const Name& name) {
  const std::unique_ptr<X509_NAME, decltype(&X509_NAME_free)> subject{needed(X509_NAME_new(), "a name"), X509_NAME_free};
  for (const NamePart& part : name) {
    // A type without the MBSTRING flag is taken as it is, so that neither length nor alphabet is checked.
    needed(
        X509_NAME_add_entry_by_NID(subject.get(), part.nid, part.type, reinterpret_cast<const unsigned char*>(part.text.data()),
                                   static_cast<int>(part.text.size()), -1, 0),
        "an entry of a name");
  }
  needed(X509_set_subject_name(&certificate, subject.get()), "a subject");
}

void setTime(ASN1_TIME* field, Time time) { needed(ASN1_TIME_set(field, std::chrono::system_clock::to_time_t(time)), "a time"); }

void addExtensions(X509& certificate, X509& issuer, const std::vector<Extension>& extensions) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  for (const Extension& wanted : extensions) {
    const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension{
        needed(X509V3_EXT_conf_nid(nullptr, &context, wanted.nid, wanted.value.c_str()), wanted.value.c_str()),
        X509_EXTENSION_free};
    needed(X509_add_ext(&certificate, extension.get(), -1), "an extension");
  }
}

// The certificate is signed by `issuerKey`, whose certificate is `issuer`: its own one when it is null.
Issued make(const Fields& fields, Key key, EVP_PKEY* issuerKey, X509* issuer) {
  constexpr int kP384Bits = 384;
  Certificate certificate{needed(X509_new(), "a certificate"), X509_free};
  X509& made = *certificate;
  needed(X509_set_version(&made, fields.version - 1), "a version");
  setSerial(made);
  setSubject(made, fields.subject);
  X509& vouching = issuer ? *issuer : made;
  needed(X509_set_issuer_name(&made, X509_get_subject_name(&vouching)), "an issuer");
  setTime(X509_getm_notBefore(&made), fields.validity.from);
  setTime(X509_getm_notAfter(&made), fields.validity.until);
  needed(X509_set_pubkey(&made, key.get()), "a public key");
  addExtensions(made, vouching, fields.extensions);
  needed(X509_sign(&made, issuerKey, EVP_PKEY_get_bits(issuerKey) == kP384Bits ? EVP_sha384() : EVP_sha256()), "a signature");
  return {std::move(key), std::move(certificate)};
}

}  // namespace

Issued selfSigned(const Fields& fields, Key key) {
  EVP_PKEY* own = key.get();
  return make(fields, std::move(key), own, nullptr);
}

Issued issue(const Fields& fields, Key key, const Issued& issuer) {
  return make(fields, std::move(key), issuer.key.get(), issuer.certificate.get());
}

std::string pem(X509& certificate) {
  const Bio bio = memoryBio();
  needed(PEM_write_bio_X509(bio.get(), &certificate), "a certificate in PEM form");
  return textOf(*bio);
}

std::string der(X509& certificate) {
  const Bio bio = memoryBio();
  needed(i2d_X509_bio(bio.get(), &certificate), "a certificate in DER form");
  return textOf(*bio);
}

}  // namespace spheregate::testpki
