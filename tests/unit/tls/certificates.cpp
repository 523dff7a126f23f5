#include "unit/tls/certificates.hpp"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <fstream>
#include <stdexcept>

namespace spheregate::tls::test {
namespace {

long nextSerial = 4096;

void require(bool good) {
  if (!good) throw std::runtime_error{takeError()};
}

void extend(X509& certificate, int kind, const std::string& value) {
  using Extension = std::unique_ptr<X509_EXTENSION, x509::Release<X509_EXTENSION_free>>;
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &certificate, &certificate, nullptr, nullptr, 0);
  const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str())};
  require(extension != nullptr && X509_add_ext(&certificate, extension.get(), -1) == 1);
}

x509::BioHandle writer(const std::filesystem::path& path) {
  x509::BioHandle file{BIO_new_file(path.c_str(), "w")};
  require(file != nullptr);
  return file;
}

}  // namespace

Identity make(const Wanted& wanted, const Identity* issuer) {
  Identity made{.certificate = x509::CertificateHandle{X509_new()}, .key = x509::PrivateKeyHandle{EVP_EC_gen("P-256")}};
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), nextSerial++);
  const bool past = wanted.lasts.count() < 0;
  X509_gmtime_adj(X509_getm_notBefore(certificate), past ? -365L * 24 * 3600 : -60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), std::chrono::seconds{wanted.lasts}.count());
  // An explicit type, because OpenSSL limits other names to 64 characters, and those of Azure Sphere have 128.
  for (const std::string& name : wanted.commonNames) {
    require(X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate), NID_commonName, V_ASN1_UTF8STRING,
                                       reinterpret_cast<const unsigned char*>(name.data()), static_cast<int>(name.size()), -1,
                                       0) == 1);
  }
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer != nullptr ? issuer->certificate.get() : certificate));
  X509_set_pubkey(certificate, made.key.get());
  extend(*certificate, NID_basic_constraints, wanted.ca ? "critical,CA:TRUE" : "CA:FALSE");
  if (!wanted.subjectAltName.empty()) extend(*certificate, NID_subject_alt_name, wanted.subjectAltName);
  require(X509_sign(certificate, (issuer != nullptr ? issuer->key : made.key).get(), EVP_sha256()) > 0);
  return made;
}

Directory::Directory() {
  std::string pattern = (std::filesystem::temp_directory_path() / "spheregate-tls-XXXXXX").string();
  require(::mkdtemp(pattern.data()) != nullptr);
  path_ = pattern;
}

Directory::~Directory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path Directory::write(const std::string& name, const std::vector<const Identity*>& certificates) const {
  const x509::BioHandle file = writer(path(name));
  for (const Identity* each : certificates) require(PEM_write_bio_X509(file.get(), each->certificate.get()) == 1);
  return path(name);
}

std::filesystem::path Directory::writeKey(const std::string& name, const Identity& identity) const {
  const x509::BioHandle file = writer(path(name));
  require(PEM_write_bio_PrivateKey(file.get(), identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return path(name);
}

std::filesystem::path Directory::writeText(const std::string& name, const std::string& text) const {
  std::ofstream{path(name)} << text;
  return path(name);
}

}  // namespace spheregate::tls::test
