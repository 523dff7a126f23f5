#include "hubsim/tls_context.hpp"

#include <openssl/err.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

namespace spheregate::hubsim {
namespace {

std::string openSslReason() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? reason : "unknown error";
}

// Nothing unless the leaf carries exactly one common name without a NUL in it.
std::string onlyCommonName(const X509* leaf) {
  const X509_NAME* subject = X509_get_subject_name(leaf);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0 || X509_NAME_get_index_by_NID(subject, NID_commonName, at) >= 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name{reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size)};
  OPENSSL_free(utf8);
  return name.find('\0') == std::string::npos ? name : std::string{};
}

}  // namespace

base::Explained<TlsContext> TlsContext::open(const Files& files) {
  TlsContext made;
  made.context_.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = made.context_.get();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_TICKET);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(context, 0);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context, files.certificate.c_str()) != 1)
    return files.certificate + ": " + openSslReason();
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1) return files.key + ": " + openSslReason();
  if (files.clientCa.empty()) return made;

  made.clientCas_.reset(X509_STORE_new());
  if (X509_STORE_load_file(made.clientCas_.get(), files.clientCa.c_str()) != 1) return files.clientCa + ": " + openSslReason();
  X509_STORE_set_flags(made.clientCas_.get(), X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_set_purpose(made.clientCas_.get(), X509_PURPOSE_SSL_CLIENT);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(
      context, [](X509_STORE_CTX*, void*) { return 1; }, nullptr);
  return made;
}

ClientCertificate TlsContext::judge(SSL* finished) const {
  const std::unique_ptr<X509, decltype(&X509_free)> leaf{SSL_get1_peer_certificate(finished), &X509_free};
  if (!leaf) return {};
  ClientCertificate certificate{ClientCertificate::Standing::untrusted, onlyCommonName(leaf.get()), {}};
  const std::unique_ptr<X509_STORE_CTX, decltype(&X509_STORE_CTX_free)> check{X509_STORE_CTX_new(), &X509_STORE_CTX_free};
  if (X509_STORE_CTX_init(check.get(), clientCas_.get(), leaf.get(), SSL_get_peer_cert_chain(finished)) == 1 &&
      X509_verify_cert(check.get()) == 1)
    certificate.standing = ClientCertificate::Standing::trusted;
  else
    certificate.problem = X509_verify_cert_error_string(X509_STORE_CTX_get_error(check.get()));
  ERR_clear_error();
  return certificate;
}

}  // namespace spheregate::hubsim
