#include "certificates.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <stdexcept>

namespace spheregate::hubsim {
namespace {

void writePem(const std::string& file, const std::function<int(FILE*)>& write) {
  FILE* out = std::fopen(file.c_str(), "w");
  if (!out || write(out) != 1) throw std::runtime_error{"cannot write " + file};
  std::fclose(out);
}

}  // namespace

Credential makeCredential(const std::string& commonName, const Credential* issuer) {
  const std::shared_ptr<EVP_PKEY> key{EVP_EC_gen("P-256"), EVP_PKEY_free};
  const std::shared_ptr<X509> certificate{X509_new(), X509_free};
  static long serial = 1;
  X509_set_version(certificate.get(), X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  // V_ASN1_UTF8STRING: MBSTRING types refuse names over 64 characters, and device names have 128.
  X509_NAME_add_entry_by_NID(X509_get_subject_name(certificate.get()), NID_commonName, V_ASN1_UTF8STRING,
                             reinterpret_cast<const unsigned char*>(commonName.data()), static_cast<int>(commonName.size()), -1,
                             0);
  X509_set_issuer_name(certificate.get(), X509_get_subject_name(issuer ? issuer->certificate.get() : certificate.get()));
  if (!issuer) {
    const std::shared_ptr<X509_EXTENSION> isCa{X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE"),
                                               X509_EXTENSION_free};
    X509_add_ext(certificate.get(), isCa.get(), -1);
  }
  if (X509_sign(certificate.get(), issuer ? issuer->key.get() : key.get(), EVP_sha256()) == 0)
    throw std::runtime_error{"cannot sign " + commonName};
  return {key, certificate};
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "hubsim-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error{"cannot make a temporary directory"};
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryDirectory::writeCertificate(const std::string& name, const Credential& credential) const {
  writePem(path(name), [&](FILE* out) { return PEM_write_X509(out, credential.certificate.get()); });
  return path(name);
}

std::string TemporaryDirectory::writeKey(const std::string& name, const Credential& credential) const {
  writePem(path(name),
           [&](FILE* out) { return PEM_write_PrivateKey(out, credential.key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  return path(name);
}

}  // namespace spheregate::hubsim
