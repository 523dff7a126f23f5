#include "hubsim/tls_wire.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>

#include "hubsim/limits.hpp"
#include "spheregate/base/check.hpp"

namespace spheregate::hubsim {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;

// The buffer of all connections, used only inside readAll; one thread. Four records of the largest size, so that one busy
// connection is answered in batches and does not starve the others.
std::array<std::uint8_t, 64 * 1024>& readBuffer() {
  static std::array<std::uint8_t, 64 * 1024> buffer;
  return buffer;
}

std::string problemOf(const char* what) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason ? std::string{what} + ": " + reason : std::string{what};
}

std::string nameOf(const Tcp::socket& socket) {
  boost::system::error_code error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? "unknown" : endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
}

}  // namespace

TlsWire::TlsWire(Tcp::socket socket, SSL_CTX* context, base::Timers& timers)
    : socket_{std::move(socket)}, ssl_{SSL_new(context)}, peer_{nameOf(socket_)}, deadline_{timers} {
  boost::system::error_code ignored;
  socket_.set_option(Tcp::no_delay{true}, ignored);
  socket_.non_blocking(true, ignored);
  SPHEREGATE_CHECK(SSL_set_fd(ssl_.get(), socket_.native_handle()) == 1);
}

TlsWire::~TlsWire() = default;

void TlsWire::handshake(HandshakeDone done) {
  handshakeDone_ = std::move(done);
  deadline_.after(kHandshakeTimeout, [this] { shaken("handshake timed out"); });
  awaitReadable();
}

void TlsWire::shake() {
  ERR_clear_error();
  const int result = SSL_accept(ssl_.get());
  if (result == 1) return shaken("");
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return awaitReadable();
    case SSL_ERROR_WANT_WRITE:
      return awaitWritable();
    default:
      return shaken(problemOf("handshake"));
  }
}

void TlsWire::shaken(std::string_view problem) {
  const auto self = shared_from_this();
  deadline_.cancel();
  if (problem.empty())
    state_ = State::open;
  else
    finish();
  const HandshakeDone done = std::move(handshakeDone_);
  handshakeDone_ = nullptr;
  if (done) done(problem);
}

void TlsWire::attach(base::WireUser& user) {
  user_ = &user;
  readSoon();
}

void TlsWire::awaitReadable() {
  if (awaitsRead_) return;
  awaitsRead_ = true;
  socket_.async_wait(Tcp::socket::wait_read, [self = shared_from_this()](boost::system::error_code error) {
    self->awaitsRead_ = false;
    if (error || self->state_ == State::closed) return;
    if (self->state_ == State::handshaking) return self->shake();
    self->readAll();
  });
}

void TlsWire::awaitWritable() {
  if (awaitsWrite_) return;
  awaitsWrite_ = true;
  socket_.async_wait(Tcp::socket::wait_write, [self = shared_from_this()](boost::system::error_code error) {
    self->awaitsWrite_ = false;
    if (error || self->state_ == State::closed) return;
    if (self->state_ == State::handshaking) return self->shake();
    self->flush();
  });
}

// OpenSSL may hold decrypted bytes for which the socket will never become readable, so a read is tried without waiting.
void TlsWire::readSoon() {
  asio::post(socket_.get_executor(), [self = shared_from_this()] { self->readAll(); });
}

void TlsWire::resumeReading() {
  if (!paused_) return;
  paused_ = false;
  readSoon();
}

void TlsWire::readAll() {
  if (state_ != State::open || paused_ || !user_ || awaitsRead_) return;
  auto& buffer = readBuffer();
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    ERR_clear_error();
    const int result = SSL_read(ssl_.get(), buffer.data() + filled, static_cast<int>(buffer.size() - filled));
    if (result > 0) {
      filled += static_cast<std::size_t>(result);
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    std::string problem;
    if (error == SSL_ERROR_ZERO_RETURN) problem = "closed by the peer";
    if (error == SSL_ERROR_SYSCALL || error == SSL_ERROR_SSL) problem = problemOf("connection lost");
    if (!deliver({buffer.data(), filled})) return;
    if (!problem.empty()) return failed(problem);
    if (error == SSL_ERROR_WANT_WRITE) awaitWritable();
    return awaitReadable();
  }
  if (deliver(buffer)) readSoon();
}

// False when there is nothing more to read for now.
bool TlsWire::deliver(base::ByteView bytes) {
  if (!bytes.empty()) user_->wireBytes(bytes);
  return state_ == State::open && !paused_;
}

void TlsWire::flush() {
  if (state_ != State::open && state_ != State::closing) return;
  switch (write()) {
    case Progress::blocked:
      return awaitWritable();
    case Progress::failed:
      if (state_ == State::closing) return finish();
      // The caller may be the user, who must not hear of it inside its own call.
      return asio::post(socket_.get_executor(), [self = shared_from_this()] { self->failed("connection lost while writing"); });
    case Progress::done:
      break;
  }
  if (state_ == State::closing) return finish();
  if (wasHigh_) {
    wasHigh_ = false;
    asio::post(socket_.get_executor(), [self = shared_from_this()] {
      if (self->state_ == State::open) self->user_->wireDrained();
    });
  }
}

TlsWire::Progress TlsWire::write() {
  while (sent_ < outbox_.size()) {
    ERR_clear_error();
    const int result = SSL_write(ssl_.get(), outbox_.data() + sent_, static_cast<int>(std::min<std::size_t>(backlog(), 1 << 30)));
    if (result > 0) {
      sent_ += static_cast<std::size_t>(result);
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error != SSL_ERROR_WANT_WRITE && error != SSL_ERROR_WANT_READ) return Progress::failed;
    if (backlog() > kHighWater) wasHigh_ = true;
    return Progress::blocked;
  }
  outbox_.clear();
  sent_ = 0;
  // An idle connection keeps no large buffer; there may be ten thousand of them.
  if (outbox_.capacity() > 4096) outbox_ = {};
  return Progress::done;
}

void TlsWire::close() {
  if (state_ == State::closing || state_ == State::closed) return;
  const auto self = shared_from_this();
  if (state_ == State::handshaking) return finish();
  state_ = State::closing;
  deadline_.after(kCloseTimeout, [this] { finish(); });
  flush();
}

void TlsWire::failed(std::string_view reason) {
  if (state_ != State::open) return;
  finish();
  user_->wireClosed(reason);
}

void TlsWire::finish() {
  if (state_ == State::closed) return;
  // A close_notify as far as the socket takes it; without a finished handshake OpenSSL has nothing to say.
  if (state_ == State::closing && SSL_is_init_finished(ssl_.get()) == 1) {
    ERR_clear_error();
    SSL_shutdown(ssl_.get());
    ERR_clear_error();
  }
  state_ = State::closed;
  deadline_.cancel();
  boost::system::error_code ignored;
  socket_.shutdown(Tcp::socket::shutdown_both, ignored);
  socket_.close(ignored);
}

}  // namespace spheregate::hubsim
