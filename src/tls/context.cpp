#include "context.hpp"

#include <openssl/err.h>

#include <csignal>
#include <string>

#include "introduction.hpp"
#include "limits.hpp"
#include "peer_keys.hpp"
#include "spheregate/base/check.hpp"

namespace spheregate::tls {
namespace {

// Forward secrecy and authenticated encryption only; everything an Azure Sphere device or IoT Hub speaks is among it. AES-128
// first, because it costs less and nothing here needs more.
constexpr const char* kTls12Ciphers =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr const char* kTls13Ciphers = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

// Not the finite fields of RFC 7919: of 8,192 bits one handshake takes a tenth of a second, and no device needs them.
constexpr const char* kGroups = "X25519:P-256:X448:P-521:P-384";

SslContext commonContext(const SSL_METHOD& method, MinVersion minVersion) {
  // OpenSSL writes to sockets without MSG_NOSIGNAL, so a peer that is gone would otherwise end the process.
  std::signal(SIGPIPE, SIG_IGN);
  SslContext context{SSL_CTX_new(&method)};
  SPHEREGATE_CHECK(context != nullptr);
  SSL_CTX* raw = context.get();
  SPHEREGATE_CHECK(SSL_CTX_set_min_proto_version(raw, minVersion == MinVersion::tls13 ? TLS1_3_VERSION : TLS1_2_VERSION) == 1);
  SPHEREGATE_CHECK(SSL_CTX_set_cipher_list(raw, kTls12Ciphers) == 1);
  SPHEREGATE_CHECK(SSL_CTX_set_ciphersuites(raw, kTls13Ciphers) == 1);
  SPHEREGATE_CHECK(SSL_CTX_set1_groups_list(raw, kGroups) == 1);
  SSL_CTX_set_msg_callback(raw, screenPeerKeys);
  // No resumption: a resumed connection would not be judged.
  SSL_CTX_set_options(raw, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_NO_TICKET | SSL_OP_CIPHER_SERVER_PREFERENCE |
                               SSL_OP_PRIORITIZE_CHACHA);
  SSL_CTX_set_session_cache_mode(raw, SSL_SESS_CACHE_OFF);
  SPHEREGATE_CHECK(SSL_CTX_set_num_tickets(raw, 0) == 1);
  SSL_CTX_set_mode(raw, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  // One system call fetches all records that have come. Read-ahead also makes SSL_has_pending tell whether OpenSSL holds
  // anything.
  SSL_CTX_set_read_ahead(raw, 1);
  SSL_CTX_set_default_read_buffer_len(raw, kRecordsBufferBytes);
  return context;
}

}  // namespace

base::Explained<SslContext> serverContext(const ServerCertificate& certificate, MinVersion minVersion) {
  SslContext context = commonContext(*TLS_server_method(), minVersion);
  SSL_CTX* raw = context.get();
  ERR_clear_error();
  bool taken = SSL_CTX_use_certificate(raw, certificate.chain.front().get()) == 1;
  for (std::size_t index = 1; index < certificate.chain.size(); ++index) {
    taken = taken && SSL_CTX_add1_chain_cert(raw, certificate.chain[index].get()) == 1;
  }
  taken = taken && SSL_CTX_use_PrivateKey(raw, certificate.key.get()) == 1;
  if (!taken) return base::failed<SslContext>("OpenSSL does not take the server's certificate: " + takeError());
  SSL_CTX_set_max_cert_list(raw, kPeerChainBytesMax);
  hearIntroductions(*raw);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  return context;
}

base::Explained<SslContext> clientContext(const ConnectorSettings& settings) {
  SslContext context = commonContext(*TLS_client_method(), MinVersion::tls12);
  SSL_CTX* raw = context.get();
  ERR_clear_error();
  const bool loaded =
      settings.ca.empty() ? SSL_CTX_set_default_verify_paths(raw) == 1 : SSL_CTX_load_verify_file(raw, settings.ca.c_str()) == 1;
  if (!loaded) {
    const std::string file = settings.ca.empty() ? "the system's store of certificates" : settings.ca.string();
    return base::failed<SslContext>("cannot load the hub's trust anchors from " + file + ": " + takeError() +
                                    "; upstream.ca must name a readable PEM file, or be empty for the system's store");
  }
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  return context;
}

// OpenSSL has no function for it, but the stack it hands out is its own, and nothing reads it without resumption.
void forgetPeerChain(const SSL& ssl) {
  STACK_OF(X509)* chain = SSL_get_peer_cert_chain(&ssl);
  while (chain != nullptr && sk_X509_num(chain) > 0) X509_free(sk_X509_pop(chain));
}

}  // namespace spheregate::tls
