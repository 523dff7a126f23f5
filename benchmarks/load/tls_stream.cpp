#include "tls_stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

namespace spheregate::load {
namespace {

constexpr std::size_t kReadBytes = 256 * 1024;

// One for each thread; packets are looked at in place.
std::array<std::uint8_t, kReadBytes>& readBuffer() {
  thread_local std::array<std::uint8_t, kReadBytes> buffer;
  return buffer;
}

}  // namespace

void makeCheap(SSL_CTX* context) {
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nullptr);
}

std::string tlsProblem(std::string_view what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return std::string{what} + (reason ? std::string{": "} + reason : "");
}

TlsStream::~TlsStream() { drop(); }

void TlsStream::connect(SslPointer ssl, std::uint16_t port) {
  const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw std::system_error(errno, std::generic_category(), "socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  SSL_set_connect_state(ssl.get());
  if (::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS) {
    const int error = errno;
    ::close(descriptor);
    throw std::system_error(error, std::generic_category(), "connect to 127.0.0.1 port " + std::to_string(port));
  }
  begin(std::move(ssl), descriptor, State::connecting, EPOLLOUT);
}

void TlsStream::accept(SslPointer ssl, int descriptor) {
  SSL_set_accept_state(ssl.get());
  begin(std::move(ssl), descriptor, State::handshaking, EPOLLIN);
}

void TlsStream::begin(SslPointer ssl, int descriptor, State state, std::uint32_t events) {
  drop();
  const int yes = 1;
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  ssl_ = std::move(ssl);
  SSL_set_fd(ssl_.get(), descriptor);
  descriptor_ = descriptor;
  state_ = state;
  events_ = events;
  loop_.add(descriptor, *this, events);
}

void TlsStream::ready(std::uint32_t events) {
  if (state_ == State::connecting) {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    if (error != 0) return fail(std::string{"connect: "} + std::strerror(error));
    state_ = State::handshaking;
  }
  if (state_ == State::handshaking) return shake();
  if (state_ == State::open && (events & EPOLLOUT) != 0) flush();
  if (state_ == State::open && (events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0) read();
}

void TlsStream::shake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result != 1) {
    const int error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) return fail(tlsProblem("TLS handshake failed"));
    return awaitWriting(error == SSL_ERROR_WANT_WRITE);
  }
  state_ = State::open;
  awaitWriting(false);
  user_.opened();
  // With read-ahead the first application data may already be here, and the socket will not tell.
  if (state_ == State::open && SSL_has_pending(ssl_.get())) read();
}

void TlsStream::read() {
  auto& buffer = readBuffer();
  for (;;) {
    std::size_t filled = rest_.size();
    std::copy(rest_.begin(), rest_.end(), buffer.begin());
    int error = SSL_ERROR_NONE;
    while (filled < buffer.size()) {
      const int result = SSL_read(ssl_.get(), buffer.data() + filled, static_cast<int>(buffer.size() - filled));
      if (result <= 0) {
        error = SSL_get_error(ssl_.get(), result);
        break;
      }
      filled += static_cast<std::size_t>(result);
      // The socket is watched level-triggered, so a system call that would only say "nothing more" is saved.
      if (!SSL_has_pending(ssl_.get())) break;
    }
    if (filled > rest_.size()) {
      const std::size_t used = user_.received({buffer.data(), filled});
      if (state_ != State::open) return;
      rest_.assign(buffer.begin() + static_cast<std::ptrdiff_t>(used), buffer.begin() + static_cast<std::ptrdiff_t>(filled));
    }
    if (error == SSL_ERROR_ZERO_RETURN) return fail("closed by the peer");
    if (error == SSL_ERROR_SYSCALL || error == SSL_ERROR_SSL) return fail(tlsProblem("connection lost"));
    if (error != SSL_ERROR_NONE || !SSL_has_pending(ssl_.get())) return;
  }
}

void TlsStream::flush() {
  if (state_ != State::open) return;
  while (sent_ < outbox_.size()) {
    const int result = SSL_write(ssl_.get(), outbox_.data() + sent_, static_cast<int>(outbox_.size() - sent_));
    if (result <= 0) {
      const int error = SSL_get_error(ssl_.get(), result);
      if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return awaitWriting(true);
      // The reading side reports the loss; here the caller may be in the middle of its work.
      ERR_clear_error();
      shutdown(descriptor_, SHUT_RDWR);
      break;
    }
    sent_ += static_cast<std::size_t>(result);
  }
  outbox_.clear();
  sent_ = 0;
  awaitWriting(false);
}

void TlsStream::awaitWriting(bool wanted) {
  const std::uint32_t events = EPOLLIN | (wanted ? EPOLLOUT : 0U);
  if (events == events_) return;
  events_ = events;
  loop_.change(descriptor_, *this, events);
}

void TlsStream::close() {
  if (state_ == State::open) {
    flush();
    SSL_shutdown(ssl_.get());
  }
  ERR_clear_error();
  drop();
}

void TlsStream::fail(std::string_view reason) {
  const std::string copy{reason};
  drop();
  user_.closed(copy);
}

void TlsStream::drop() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
  state_ = State::closed;
  ssl_.reset();
  rest_.clear();
  outbox_.clear();
  sent_ = 0;
}

}  // namespace spheregate::load
