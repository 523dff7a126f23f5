#include "certificate_maker.hpp"

#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <cstddef>
#include <utility>

namespace spheregate::pki {
namespace {

using x509::BioHandle;
using x509::CertificateHandle;
using x509::PrivateKeyHandle;
using NumberHandle = std::unique_ptr<BIGNUM, x509::Release<BN_free>>;
using ExtensionHandle = std::unique_ptr<X509_EXTENSION, x509::Release<X509_EXTENSION_free>>;

// What X.509 allows a common name and an organization.
constexpr std::size_t kNameBytesMax = 64;

template <class T>
base::Explained<T> opensslFailed(const char* what) {
  return base::failed<T>(std::string{"OpenSSL made no "} + what + "; check that the machine has memory and random numbers");
}

bool setSerial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  if (RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) != 1) return false;
  bytes[0] = static_cast<unsigned char>((bytes[0] & 0x3f) | 0x40);  // positive, and always of one length
  const NumberHandle number{BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr)};
  return number && BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(&certificate)) != nullptr;
}

bool addName(X509_NAME* name, int nid, const std::string& text) {
  const std::string cut = text.substr(0, kNameBytesMax);
  return X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(cut.data()),
                                    static_cast<int>(cut.size()), -1, 0) == 1;
}

bool addExtension(X509& certificate, X509& issuer, int nid, const char* value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const ExtensionHandle extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
  return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

bool setTimes(X509& certificate, Validity validity) {
  using std::chrono::system_clock;
  return ASN1_TIME_set(X509_getm_notBefore(&certificate), system_clock::to_time_t(validity.from)) != nullptr &&
         ASN1_TIME_set(X509_getm_notAfter(&certificate), system_clock::to_time_t(validity.until)) != nullptr;
}

// What every certificate of a server has besides its names.
bool addServerExtensions(X509& certificate, X509& issuer) {
  return addExtension(certificate, issuer, NID_basic_constraints, "critical,CA:FALSE") &&
         addExtension(certificate, issuer, NID_key_usage, "critical,digitalSignature") &&
         addExtension(certificate, issuer, NID_ext_key_usage, "serverAuth") &&
         addExtension(certificate, issuer, NID_subject_key_identifier, "hash") &&
         addExtension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
}

CertificateHandle blank(EVP_PKEY& key, Validity validity) {
  CertificateHandle made{X509_new()};
  const bool filled = made && X509_set_version(made.get(), X509_VERSION_3) == 1 && setSerial(*made) &&
                      setTimes(*made, validity) && X509_set_pubkey(made.get(), &key) == 1;
  return filled ? std::move(made) : nullptr;
}

bool copyExtension(X509& from, X509& to, int nid) {
  const int at = X509_get_ext_by_NID(&from, nid, -1);
  return at >= 0 && X509_add_ext(&to, X509_get_ext(&from, at), -1) == 1;
}

int noPassword(char*, int, int, void*) { return -1; }

}  // namespace

base::Explained<PrivateKeyHandle> makeKey() {
  const x509::ErrorQueueMark mark;
  PrivateKeyHandle key{EVP_EC_gen("P-256")};
  if (!key) return opensslFailed<PrivateKeyHandle>("key");
  return key;
}

base::Explained<std::string> keyText(const EVP_PKEY& key) {
  const x509::ErrorQueueMark mark;
  const BioHandle bio{BIO_new(BIO_s_secmem())};  // wiped when it is freed
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) != 1) {
    return opensslFailed<std::string>("text of a key");
  }
  char* data = nullptr;
  const long length = BIO_get_mem_data(bio.get(), &data);
  return base::Explained<std::string>{boost::system::in_place_value, data, static_cast<std::size_t>(length)};
}

base::Explained<PrivateKeyHandle> keyFromText(const std::string& text) {
  const x509::ErrorQueueMark mark;
  const BioHandle bio{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
  PrivateKeyHandle key{PEM_read_bio_PrivateKey(bio.get(), nullptr, noPassword, nullptr)};
  if (!key) return base::failed<PrivateKeyHandle>("holds no private key that can be read; it must be PEM and not encrypted");
  return key;
}

base::Explained<CertificateHandle> makeRoot(EVP_PKEY& key, const std::string& organization, Validity validity) {
  const x509::ErrorQueueMark mark;
  CertificateHandle root = blank(key, validity);
  if (!root) return opensslFailed<CertificateHandle>("root certificate");
  // Two roots of one gateway never share a name: some TLS libraries choose an issuer by its name alone.
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  X509_pubkey_digest(root.get(), EVP_sha256(), digest.data(), &length);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string mine = "Spheregate root ";
  for (std::size_t at = 0; at < 4; ++at) mine += {digits[digest[at] >> 4], digits[digest[at] & 15]};
  X509_NAME* subject = X509_get_subject_name(root.get());
  const bool made = length >= 4 && addName(subject, NID_organizationName, organization) &&
                    addName(subject, NID_commonName, mine) && X509_set_issuer_name(root.get(), subject) == 1 &&
                    addExtension(*root, *root, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                    addExtension(*root, *root, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                    addExtension(*root, *root, NID_subject_key_identifier, "hash") &&
                    X509_sign(root.get(), &key, EVP_sha256()) != 0;
  if (!made) return opensslFailed<CertificateHandle>("root certificate");
  return root;
}

base::Explained<CertificateHandle> makeServer(EVP_PKEY& publicKey, const ServerNames& names, Validity validity, X509& issuer,
                                              EVP_PKEY& issuerKey) {
  const x509::ErrorQueueMark mark;
  CertificateHandle server = blank(publicKey, validity);
  const bool made = server && addName(X509_get_subject_name(server.get()), NID_commonName, names.commonName) &&
                    X509_set_issuer_name(server.get(), X509_get_subject_name(&issuer)) == 1 &&
                    addExtension(*server, issuer, NID_subject_alt_name, names.subjectAltNames.c_str()) &&
                    addServerExtensions(*server, issuer) && X509_sign(server.get(), &issuerKey, EVP_sha256()) != 0;
  if (!made) return opensslFailed<CertificateHandle>("server certificate");
  return server;
}

base::Explained<CertificateHandle> renewServer(X509& old, Validity validity, X509& issuer, EVP_PKEY& issuerKey) {
  const x509::ErrorQueueMark mark;
  EVP_PKEY* publicKey = X509_get0_pubkey(&old);
  CertificateHandle server = publicKey ? blank(*publicKey, validity) : nullptr;
  const bool made = server && X509_set_subject_name(server.get(), X509_get_subject_name(&old)) == 1 &&
                    X509_set_issuer_name(server.get(), X509_get_subject_name(&issuer)) == 1 &&
                    copyExtension(old, *server, NID_subject_alt_name) && addServerExtensions(*server, issuer) &&
                    X509_sign(server.get(), &issuerKey, EVP_sha256()) != 0;
  if (!made) return opensslFailed<CertificateHandle>("server certificate");
  return server;
}

}  // namespace spheregate::pki
