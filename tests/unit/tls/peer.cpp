#include "unit/tls/peer.hpp"

#include <netinet/in.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace spheregate::tls::test {
namespace {

constexpr timeval kSocketPatience{.tv_sec = 10, .tv_usec = 0};

int find(X509_STORE_CTX* store, void* error) {
  X509_STORE_CTX_set_error(store, *static_cast<int*>(error));
  return 0;
}

}  // namespace

Peer Peer::dial(std::uint16_t port) {
  Socket socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(::connect(socket.descriptor(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return Peer{std::move(socket)};
}

Peer::Peer(Socket socket) : socket_{std::move(socket)} {
  ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_RCVTIMEO, &kSocketPatience, sizeof kSocketPatience);
  ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_SNDTIMEO, &kSocketPatience, sizeof kSocketPatience);
}

bool Peer::prepare(SSL_CTX& context, const Identity* identity) {
  if (identity != nullptr) {
    SSL_CTX_use_certificate(&context, identity->certificate.get());
    SSL_CTX_use_PrivateKey(&context, identity->key.get());
  }
  ssl.reset(SSL_new(&context));
  ERR_clear_error();
  return SSL_set_fd(ssl.get(), socket_.descriptor()) == 1;
}

bool Peer::shakeHands(const Hello& hello) {
  const SslContext context{SSL_CTX_new(TLS_client_method())};
  SSL_CTX_set_security_level(context.get(), 0);
  SSL_CTX_set_min_proto_version(context.get(), hello.version);
  SSL_CTX_set_max_proto_version(context.get(), hello.version);
  if (hello.ciphers != nullptr) SSL_CTX_set_cipher_list(context.get(), hello.ciphers);
  if (hello.trusted != nullptr) {
    X509_STORE_add_cert(SSL_CTX_get_cert_store(context.get()), hello.trusted->get());
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  }
  if (hello.groups != nullptr) SSL_CTX_set1_groups_list(context.get(), hello.groups);
  if (hello.signatures != nullptr) SSL_CTX_set1_sigalgs_list(context.get(), hello.signatures);
  if (hello.finds != 0) SSL_CTX_set_cert_verify_callback(context.get(), find, const_cast<int*>(&hello.finds));
  prepare(*context, hello.identity);
  if (hello.dials != nullptr) SSL_set_tlsext_host_name(ssl.get(), hello.dials);
  if (hello.checksName) SSL_set1_host(ssl.get(), hello.dials);
  const bool done = SSL_connect(ssl.get()) == 1;
  if (!done) problem = takeError();
  return done;
}

bool Peer::answerHandshake(const Identity& identity, int version) {
  const SslContext context{SSL_CTX_new(TLS_server_method())};
  SSL_CTX_set_max_proto_version(context.get(), version);
  prepare(*context, &identity);
  const bool done = SSL_accept(ssl.get()) == 1;
  if (!done) problem = takeError();
  return done;
}

bool Peer::shakeHandsSaying(const Hello& hello, std::string_view text) {
  const SslContext context{SSL_CTX_new(TLS_client_method())};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  prepare(*context, hello.identity);
  SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  while (SSL_connect(ssl.get()) != 1) {
    std::array<char, 4096> buffer{};
    if (!sayPlainly(written())) return false;
    const auto size = ::recv(socket_.descriptor(), buffer.data(), buffer.size(), 0);
    if (size <= 0) return false;
    BIO_write(SSL_get_rbio(ssl.get()), buffer.data(), static_cast<int>(size));
  }
  if (!say(text) || !sayPlainly(written())) return false;
  return SSL_set_fd(ssl.get(), socket_.descriptor()) == 1;
}

std::string Peer::written() {
  std::string text(static_cast<std::size_t>(BIO_pending(SSL_get_wbio(ssl.get()))), '\0');
  if (!text.empty()) BIO_read(SSL_get_wbio(ssl.get()), text.data(), static_cast<int>(text.size()));
  return text;
}

void Peer::findsRecordDamaged() {
  BIO* damaged = BIO_new(BIO_s_mem());
  const std::string record = std::string{"\x17\x03\x03\x00\x20", 5} + std::string(32, 'x');
  BIO_write(damaged, record.data(), static_cast<int>(record.size()));
  SSL_set0_rbio(ssl.get(), damaged);
  char byte = 0;
  SSL_read(ssl.get(), &byte, 1);
  ERR_clear_error();
}

bool Peer::say(std::string_view text) {
  ERR_clear_error();
  const bool said = SSL_write(ssl.get(), text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size());
  if (!said) problem = takeError();
  return said;
}

std::string Peer::hear() {
  std::string text(16 * 1024, '\0');
  ERR_clear_error();
  const int result = SSL_read(ssl.get(), text.data(), static_cast<int>(text.size()));
  if (result <= 0) {
    const Outcome outcome = outcomeOf(*ssl, result);
    problem = outcome.error == SSL_ERROR_ZERO_RETURN ? "" : outcome.text();
  }
  text.resize(result > 0 ? static_cast<std::size_t>(result) : 0);
  return text;
}

std::string Peer::hearAll() {
  std::string all;
  for (std::string part = hear(); !part.empty(); part = hear()) all += part;
  return all;
}

std::string Peer::hearBytes(std::size_t size) {
  std::string all;
  while (all.size() < size) {
    const std::string part = hear();
    if (part.empty()) break;
    all += part;
  }
  return all;
}

void Peer::sayGoodbye() { SSL_shutdown(ssl.get()); }

void Peer::hangUp() { socket_ = {}; }

void Peer::reset() {
  const linger none{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.descriptor(), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  socket_ = {};
}

bool Peer::sayPlainly(std::string_view text) {
  return ::send(socket_.descriptor(), text.data(), text.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(text.size());
}

bool Peer::hearsEnd() {
  std::array<char, 4096> buffer{};
  ssize_t size = 0;
  while ((size = ::recv(socket_.descriptor(), buffer.data(), buffer.size(), 0)) > 0) continue;
  return size == 0 || errno == ECONNRESET;
}

bool turnUntil(boost::asio::io_context& loop, const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    loop.restart();
    loop.run_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace spheregate::tls::test
