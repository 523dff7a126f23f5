#include "http_secrets.hpp"

#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <string>
#include <utility>
#include <vector>

#include "spheregate/base/check.hpp"
#include "spheregate/base/secret_file.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/file_content.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::ops {
namespace {

namespace ssl = boost::asio::ssl;
using Context = std::shared_ptr<ssl::context>;
using Certificates = std::vector<x509::CertificateHandle>;

// Forward secrecy and authenticated encryption only; every browser of the last ten years has one of them.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* kGroups = "X25519:P-256:P-384";

// Never asks a terminal for a password.
int noPassword(char*, int, int, void*) { return -1; }

base::Explained<x509::PrivateKeyHandle> keyIn(const std::filesystem::path& file) {
  using Key = x509::PrivateKeyHandle;
  const auto content = x509::fileContent(file);
  if (!content) return base::failed<Key>("http.private_key: " + content.error());
  const x509::BioHandle bytes{BIO_new_mem_buf(content->data(), static_cast<int>(content->size()))};
  Key key{PEM_read_bio_PrivateKey(bytes.get(), nullptr, noPassword, nullptr)};
  if (key) return key;
  return base::failed<Key>("http.private_key: " + file.string() + " holds no private key that can be read; it must be PEM and not encrypted");
}

Context contextOf(const Certificates& chain, EVP_PKEY& key) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  SSL_CTX* raw = context->native_handle();
  SPHEREGATE_CHECK(SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION) == 1);
  SPHEREGATE_CHECK(SSL_CTX_set_cipher_list(raw, kTls12Ciphers) == 1);
  SPHEREGATE_CHECK(SSL_CTX_set1_groups_list(raw, kGroups) == 1);
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS);
  // Whoever only shakes hands would leave one behind each time, for two hours. Tickets do without.
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  bool taken = SSL_CTX_use_certificate(raw, chain.front().get()) == 1;
  for (std::size_t index = 1; index < chain.size(); ++index) taken = taken && SSL_CTX_add1_chain_cert(raw, chain[index].get()) == 1;
  taken = taken && SSL_CTX_use_PrivateKey(raw, &key) == 1;
  return taken ? context : nullptr;
}

base::Explained<Context> readContext(const HttpSettings& settings) {
  if (settings.certificate.empty()) return Context{};
  const x509::ErrorQueueMark mark;
  const auto chain = x509::readCertificates(settings.certificate);
  if (!chain) return base::failed<Context>("http.certificate: " + chain.error());
  auto key = keyIn(settings.privateKey);
  if (!key) return base::failed<Context>(key.error());
  if (X509_check_private_key(chain->front().get(), key->get()) != 1) {
    return base::failed<Context>("http.private_key: the key in " + settings.privateKey.string() + " does not belong to the first certificate in " +
                                 settings.certificate.string() + "; give the key that the certificate was made with, and put that certificate first");
  }
  Context context = contextOf(*chain, **key);
  if (context) return context;
  return base::failed<Context>("http.certificate: OpenSSL does not take what is in " + settings.certificate.string() +
                               "; get a certificate with a key of P-256, or RSA of 2048 bits or more");
}

base::Explained<std::optional<Login>> readLogin(const HttpSettings& settings) {
  using Read = std::optional<Login>;
  if (settings.user.empty()) return Read{};
  const auto password = base::secretIn(settings.passwordFile, "http.password_file: " + settings.passwordFile.string(), "the password");
  if (!password) return base::failed<Read>(password.error());
  return Read{Login{settings.user, *password}};
}

}  // namespace

base::Explained<HttpSecrets> readSecrets(const HttpSettings& settings) {
  auto context = readContext(settings);
  if (!context) return base::failed<HttpSecrets>(context.error());
  auto login = readLogin(settings);
  if (!login) return base::failed<HttpSecrets>(login.error());
  return HttpSecrets{.tls = std::move(*context), .login = *login};
}

}  // namespace spheregate::ops
