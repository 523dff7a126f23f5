#include "tls_call.hpp"

#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <memory>
#include <utility>

#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::checkup {
namespace {

constexpr timeval kPatience{.tv_sec = 4, .tv_usec = 0};
// With TLS 1.3 the other side judges our certificate after we think that all is well.
constexpr int kSecondThoughtsMs = 1500;

class Socket {
 public:
  explicit Socket(int number) : number_{number} {}
  Socket(Socket&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (number_ >= 0) ::close(number_);
  }
  int number() const { return number_; }

 private:
  int number_;
};

Socket dial(const Call& call, Heard& heard) {
  std::string& problem = heard.problem;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int failure = getaddrinfo(call.host.c_str(), std::to_string(call.port).c_str(), &hints, &list);
  const std::unique_ptr<addrinfo, x509::Release<freeaddrinfo>> owner{list};
  heard.unresolved = failure != 0;
  if (failure != 0) problem = "`" + call.host + "` is not known to DNS here: " + gai_strerror(failure);
  for (const addrinfo* one = list; one; one = one->ai_next) {
    Socket socket{::socket(one->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    // On Linux the time to send bounds the connecting too.
    setsockopt(socket.number(), SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
    setsockopt(socket.number(), SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
    if (::connect(socket.number(), one->ai_addr, one->ai_addrlen) == 0) {
      problem.clear();
      return socket;
    }
    problem = std::string{"TCP connect: "} + (errno == EINPROGRESS ? "no answer in time" : std::strerror(errno));
  }
  return Socket{-1};
}

using Context = std::unique_ptr<SSL_CTX, x509::Release<SSL_CTX_free>>;
using Ssl = std::unique_ptr<SSL, x509::Release<SSL_free>>;

// OpenSSL's reason for an alert that came is its number and 1000 (ssl/ssl_err).
int alertOf(unsigned long error) {
  const int reason = ERR_GET_REASON(error);
  constexpr int base = SSL_AD_REASON_OFFSET;
  constexpr int alertsMax = 256;
  return ERR_GET_LIB(error) == ERR_LIB_SSL && reason >= base && reason < base + alertsMax ? reason - base : -1;
}

void noteEnding(SSL& ssl, int result, Heard& heard) {
  const int kind = SSL_get_error(&ssl, result);
  const unsigned long error = ERR_peek_last_error();
  heard.alert = alertOf(error);
  if (kind == SSL_ERROR_ZERO_RETURN) {
    heard.ending = "closed";
  } else if (error != 0) {
    const char* reason = ERR_reason_error_string(error);
    heard.ending = reason ? reason : "an error without a name";
  } else if (kind == SSL_ERROR_WANT_READ || errno == EAGAIN) {
    heard.ending = "no answer in time";
  } else {
    heard.ending = "the connection was closed without a word";
  }
}

void noteChain(SSL& ssl, Heard& heard) {
  const STACK_OF(X509)* sent = SSL_get_peer_cert_chain(&ssl);
  for (int index = 0; sent && index < sk_X509_num(sent); ++index) {
    X509* one = sk_X509_value(sent, index);
    X509_up_ref(one);
    heard.chain.emplace_back(one);
  }
  if (!heard.chain.empty()) heard.leafIssuer = x509::nameText(*X509_get_issuer_name(heard.chain.front().get()));
}

// An answer to our certificate, or a silence that means it was taken.
void awaitSecondThoughts(SSL& ssl, int socket, Heard& heard) {
  pollfd waiting{.fd = socket, .events = POLLIN, .revents = 0};
  for (int turn = 0; turn < 4; ++turn) {
    // Session tickets come first, and are no answer.
    if (SSL_pending(&ssl) == 0 && ::poll(&waiting, 1, kSecondThoughtsMs) <= 0) break;
    char byte = 0;
    ERR_clear_error();
    const int result = SSL_read(&ssl, &byte, 1);
    if (result > 0) break;
    if (SSL_get_error(&ssl, result) == SSL_ERROR_WANT_READ) continue;
    return noteEnding(ssl, result, heard);
  }
  heard.stood = true;
}

}  // namespace

Heard callTls(const Call& call) {
  Heard heard;
  const Socket socket = dial(call, heard);
  if (socket.number() < 0) return heard;
  const Context context{SSL_CTX_new(TLS_client_method())};
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_min_proto_version(context.get(), call.versionMin);
  SSL_CTX_set_max_proto_version(context.get(), call.versionMax);
  if (call.certificate) {
    SSL_CTX_use_certificate(context.get(), call.certificate);
    SSL_CTX_use_PrivateKey(context.get(), call.key);
  }
  const Ssl ssl{SSL_new(context.get())};
  SSL_set_fd(ssl.get(), socket.number());
  if (!call.serverName.empty()) SSL_set_tlsext_host_name(ssl.get(), call.serverName.c_str());
  ERR_clear_error();
  errno = 0;
  const int result = SSL_connect(ssl.get());
  if (result != 1) noteEnding(*ssl, result, heard);
  noteChain(*ssl, heard);
  if (!heard.chain.empty()) {
    heard.version = SSL_get_version(ssl.get());
    const char* cipher = SSL_get_cipher_name(ssl.get());
    heard.cipher = cipher ? cipher : "";
  }
  if (result == 1) awaitSecondThoughts(*ssl, socket.number(), heard);
  ERR_clear_error();
  return heard;
}

}  // namespace spheregate::checkup
