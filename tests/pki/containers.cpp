#include "pki/containers.hpp"

#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/pkcs7.h>

#include <memory>
#include <string_view>

#include "pki/openssl.hpp"

namespace spheregate::testpki {
namespace {

using Container = std::unique_ptr<PKCS7, decltype(&PKCS7_free)>;
using Request = std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)>;
using RevocationList = std::unique_ptr<X509_CRL, decltype(&X509_CRL_free)>;

Container container(const std::vector<Certificate>& certificates) {
  Container made{needed(PKCS7_new(), "a container"), PKCS7_free};
  needed(PKCS7_set_type(made.get(), NID_pkcs7_signed) == 1 && PKCS7_content_new(made.get(), NID_pkcs7_data) == 1, "a container");
  // OpenSSL keeps the order in which they come.
  for (const Certificate& one : certificates) needed(PKCS7_add_certificate(made.get(), one.get()) == 1, "a container");
  return made;
}

template <class Write>
std::string written(Write write, const char* what) {
  const Bio bio = memoryBio();
  needed(write(bio.get()) == 1, what);
  return textOf(*bio);
}

Request request(const Issued& of) {
  Request made{needed(X509_REQ_new(), "a request"), X509_REQ_free};
  needed(X509_REQ_set_subject_name(made.get(), X509_get_subject_name(of.certificate.get())) == 1 &&
             X509_REQ_set_pubkey(made.get(), of.key.get()) == 1 && X509_REQ_sign(made.get(), of.key.get(), EVP_sha256()) != 0,
         "a request");
  return made;
}

RevocationList revocations(const Issued& ca, Time now) {
  RevocationList made{needed(X509_CRL_new(), "a revocation list"), X509_CRL_free};
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> when{
      needed(ASN1_TIME_set(nullptr, std::chrono::system_clock::to_time_t(now)), "a time"), ASN1_TIME_free};
  needed(X509_CRL_set_version(made.get(), 1) == 1 &&
             X509_CRL_set_issuer_name(made.get(), X509_get_subject_name(ca.certificate.get())) == 1 &&
             X509_CRL_set1_lastUpdate(made.get(), when.get()) == 1 && X509_CRL_set1_nextUpdate(made.get(), when.get()) == 1 &&
             X509_CRL_sign(made.get(), ca.key.get(), EVP_sha384()) != 0,
         "a revocation list");
  return made;
}

std::string pfx(const Issued& of) {
  const std::unique_ptr<PKCS12, decltype(&PKCS12_free)> made{
      needed(PKCS12_create("secret", "device", of.key.get(), of.certificate.get(), nullptr, 0, 0, 0, 0, 0), "a .pfx"),
      PKCS12_free};
  return written([&](BIO* bio) { return i2d_PKCS12_bio(bio, made.get()); }, "a .pfx");
}

std::string withCrlf(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '\n' ? std::string{"\r\n"} : std::string(1, c);
  return out;
}

std::string asUtf16(const std::string& text, std::string_view mark) {
  std::string out{mark};
  for (const char c : text) out += {c, '\0'};
  return out;
}

}  // namespace

std::string pkcs7Der(const std::vector<Certificate>& certificates) {
  const Container made = container(certificates);
  return written([&](BIO* bio) { return i2d_PKCS7_bio(bio, made.get()); }, "a container");
}

std::string pkcs7Pem(const std::vector<Certificate>& certificates) {
  const Container made = container(certificates);
  return written([&](BIO* bio) { return PEM_write_bio_PKCS7(bio, made.get()); }, "a container");
}

std::vector<ImportFile> goodImports(const Authorities& all) {
  const std::vector<Certificate> chain{all.root.certificate, all.policy.certificate, all.tenantA.certificate};
  const std::string text = pem(*all.tenantA.certificate);
  return {{"der.cer", der(*all.tenantA.certificate)},
          {"pem.pem", text},
          {"crlf.pem", withCrlf(text)},
          {"byte-order-mark.pem", "\xEF\xBB\xBF" + withCrlf(text)},
          {"leading-text.pem", "Bag Attributes\n    localKeyID: 01\nsubject=CN = Somebody\n\n" + text + "\ntrailing text\n"},
          {"chain.p7b", pkcs7Der(chain)},
          {"chain-pem.p7b", pkcs7Pem(chain)},
          {"chain-crlf.p7b", withCrlf(pkcs7Pem(chain))},
          {"chain.pem", pem(*all.root.certificate) + pem(*all.policy.certificate) + text},
          {"chain-tenant-first.pem", text + pem(*all.policy.certificate) + pem(*all.root.certificate)},
          {"twice.pem", text + text}};
}

std::vector<ImportFile> badImports(const Authorities& all, Time now) {
  const Key key = makeEcKey();
  const Issued device = issue(deviceFields(sphereId(*key), dayAround(now)), key, all.tenantA);
  const Request csr = request(device);
  const RevocationList crl = revocations(all.tenantA, now);
  std::string damaged = der(*all.tenantA.certificate);
  damaged.resize(damaged.size() / 2);
  std::string damagedText = pem(*all.tenantA.certificate);
  damagedText.erase(damagedText.size() / 2, 1);
  return {{"leaf.pem", pem(*device.certificate)},
          {"leaf.cer", der(*device.certificate)},
          {"private-key.pem", pem(*device.key)},
          {"ca-with-key.pem", pem(*all.tenantA.certificate) + pem(*all.tenantA.key)},
          {"page.cer", "\n<!DOCTYPE html><html><body>Sign in to your account</body></html>\n"},
          {"empty.cer", ""},
          {"utf16.pem", asUtf16(pem(*all.tenantA.certificate), "\xFF\xFE")},
          {"utf16-unmarked.pem", asUtf16(pem(*all.tenantA.certificate), "")},
          {"request.pem", written([&](BIO* bio) { return PEM_write_bio_X509_REQ(bio, csr.get()); }, "a request")},
          {"request.der", written([&](BIO* bio) { return i2d_X509_REQ_bio(bio, csr.get()); }, "a request")},
          {"revocations.pem", written([&](BIO* bio) { return PEM_write_bio_X509_CRL(bio, crl.get()); }, "a revocation list")},
          {"revocations.crl", written([&](BIO* bio) { return i2d_X509_CRL_bio(bio, crl.get()); }, "a revocation list")},
          {"device.pfx", pfx(device)},
          {"damaged.cer", damaged},
          {"damaged.pem", damagedText},
          {"text.pem", "the certificate is attached\n"},
          {"policy.cer", der(*all.policy.certificate)},
          {"root.cer", der(*all.root.certificate)},
          {"root-and-policy.p7b", pkcs7Der({all.root.certificate, all.policy.certificate})}};
}

}  // namespace spheregate::testpki
