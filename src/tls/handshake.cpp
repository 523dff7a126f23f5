#include "handshake.hpp"

#include <openssl/err.h>

#include <utility>

#include "context.hpp"
#include "limits.hpp"
#include "spheregate/base/check.hpp"

namespace spheregate::tls {
namespace {

// Our own handshakes with the hub do not wait behind those of strangers.
Poller& pollerOf(boost::asio::io_context& loop, const SSL& ssl) {
  if (SSL_is_server(&ssl) == 1) return HandshakePoller::of(loop);
  return Poller::of(loop);
}

}  // namespace

Handshake::Handshake(boost::asio::io_context& loop, Socket socket, Ssl ssl)
    : poller_{pollerOf(loop, *ssl)}, socket_{std::move(socket)}, ssl_{std::move(ssl)}, deadline_{loop} {
  SPHEREGATE_CHECK(SSL_set_fd(ssl_.get(), socket_.descriptor()) == 1);
  if (SSL_is_server(ssl_.get()) == 1) inflow_.watchHandshake(*ssl_);
}

Handshake::~Handshake() { cancel(); }

void Handshake::start(std::chrono::milliseconds timeout, Done done) {
  done_ = std::move(done);
  deadline_.expires_after(timeout);
  deadline_.async_wait([self = weak_from_this()](const boost::system::error_code& error) {
    const auto handshake = self.lock();
    if (!error && handshake && handshake->done_) handshake->finish(Ending::timedOut, {});
  });
  // A server is spoken to first. A client speaks first, and its socket can be written at once.
  await(SSL_is_server(ssl_.get()) == 1 ? EPOLLIN : EPOLLOUT);
}

void Handshake::cancel() {
  done_ = nullptr;
  deadline_.cancel();
  if (awaited_ != 0) poller_.remove(socket_.descriptor(), *this);
  awaited_ = 0;
}

bool Handshake::mayGo(std::chrono::nanoseconds age) const {
  if (age < kSilentGrace || (answered() && age < kUnfinishedGrace)) return false;
  return !holdsUnread(socket_);
}

bool Handshake::answered() const {
  const OSSL_HANDSHAKE_STATE state = SSL_get_state(ssl_.get());
  return state != TLS_ST_BEFORE && state != TLS_ST_SR_CLNT_HELLO;
}

void Handshake::ready(std::uint32_t) {
  const auto self = shared_from_this();
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  if (result == 1) return finish(Ending::done, {});
  const Outcome outcome = outcomeOf(*ssl_, result);
  if (!outcome.wants()) return finish(Ending::failed, outcome);
  // A chain has been judged by its leaf alone, and the rest is nothing to keep until the peer finishes.
  if (SSL_is_server(ssl_.get()) == 1) forgetPeerChain(*ssl_);
  await(outcome.error == SSL_ERROR_WANT_READ ? EPOLLIN : EPOLLOUT);
}

void Handshake::await(std::uint32_t events) {
  if (events == awaited_) return;
  const bool watched = awaited_ != 0;
  awaited_ = events;
  if (watched)
    poller_.change(socket_.descriptor(), events, *this);
  else
    poller_.add(socket_.descriptor(), events, *this);
}

void Handshake::finish(Ending ending, const Outcome& outcome) {
  const Done done = std::move(done_);
  cancel();
  done(ending, outcome);
}

}  // namespace spheregate::tls
