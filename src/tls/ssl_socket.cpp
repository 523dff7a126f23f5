#include "ssl_socket.hpp"

#include <openssl/err.h>

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "farewell.hpp"
#include "spheregate/base/check.hpp"

namespace spheregate::tls {

using boost::system::error_code;

SslSocket::SslSocket(boost::asio::io_context& loop, Established established)
    : loop_{loop},
      poller_{Poller::of(loop)},
      socket_{std::move(established.socket)},
      ssl_{std::move(established.ssl)},
      peer_{std::move(established.peer)} {}

SslSocket::~SslSocket() { shut(); }

void SslSocket::read(std::span<std::uint8_t> room, Done done) {
  SPHEREGATE_CHECK(!reading_);
  if (!ssl_) return;
  if (room.empty()) return completeSoon(std::move(done), {}, 0);
  room_ = room;
  reading_ = std::move(done);
  watch(watched_ | EPOLLIN);
  // What is inside OpenSSL makes the socket not readable.
  if (SSL_has_pending(ssl_.get()) == 0) return;
  boost::asio::post(loop_, [self = weak_from_this()] {
    if (const auto socket = self.lock()) socket->tryRead();
  });
}

void SslSocket::write(base::ByteView bytes, Done done) {
  SPHEREGATE_CHECK(!writing_);
  if (!ssl_) return;
  if (bytes.empty()) return completeSoon(std::move(done), {}, 0);
  std::size_t size = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &size);
  if (result == 1) return completeSoon(std::move(done), {}, size);
  const Outcome outcome = outcomeOf(*ssl_, result);
  if (!outcome.wants()) return completeSoon(std::move(done), failure(outcome), 0);
  unsent_.assign(bytes.begin(), bytes.end());
  writing_ = std::move(done);
  watch(watched_ | EPOLLOUT);
}

void SslSocket::ready(std::uint32_t) {
  const auto self = shared_from_this();
  // Interest was kept after the last read, because mostly the next follows at once.
  if (!reading_) watch(watched_ & (writing_ ? ~static_cast<std::uint32_t>(EPOLLIN) : 0u));
  if (writing_) tryWrite();
  if (reading_) tryRead();
}

void SslSocket::tryRead() {
  if (!reading_) return;
  std::size_t size = 0;
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), room_.data(), room_.size(), &size);
  if (result == 1) {
    if (!take(size)) return complete(reading_, boost::asio::error::message_size, 0);
    return complete(reading_, {}, size);
  }
  const Outcome outcome = outcomeOf(*ssl_, result);
  if (!outcome.wants()) return complete(reading_, failure(outcome), 0);
  // Only an answer that TLS itself wants to give, for example to a key update.
  const bool wantsWrite = outcome.error == SSL_ERROR_WANT_WRITE || writing_;
  watch(wantsWrite ? watched_ | EPOLLOUT : watched_ & ~static_cast<std::uint32_t>(EPOLLOUT));
}

void SslSocket::tryWrite() {
  std::size_t size = 0;
  ERR_clear_error();
  const int result = SSL_write_ex(ssl_.get(), unsent_.data(), unsent_.size(), &size);
  if (result != 1) {
    const Outcome outcome = outcomeOf(*ssl_, result);
    if (outcome.wants()) return;
    return complete(writing_, failure(outcome), 0);
  }
  unsent_ = {};
  watch(watched_ & ~static_cast<std::uint32_t>(EPOLLOUT));
  complete(writing_, {}, size);
}

bool SslSocket::take(std::size_t size) {
  if (keptMax_ == 0) return true;
  if (kept_.size() + size > keptMax_) return false;
  kept_ += base::asText(room_.first(size));
  return true;
}

void SslSocket::keep(std::size_t bytesMax) { keptMax_ = bytesMax; }

void SslSocket::forget() {
  keptMax_ = 0;
  kept_ = {};
}

error_code SslSocket::failure(const Outcome& outcome) {
  if (problem_.empty()) problem_ = outcome.text();
  if (outcome.ended()) return boost::asio::error::eof;
  return boost::asio::error::connection_aborted;
}

void SslSocket::complete(Done& slot, const error_code& error, std::size_t size) {
  const Done done = std::exchange(slot, nullptr);
  done(error, size);
}

void SslSocket::completeSoon(Done done, const error_code& error, std::size_t size) {
  boost::asio::post(loop_, [self = weak_from_this(), done = std::move(done), error, size] {
    const auto socket = self.lock();
    if (socket && socket->ssl_) done(error, size);
  });
}

void SslSocket::sayGoodbye() {
  if (!ssl_) return;
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
  if (watched_ != 0) poller_.remove(socket_.descriptor(), *this);
  watched_ = 0;
  Farewell::bid(loop_, std::move(socket_), nullptr);
  shut();
}

void SslSocket::shut() {
  if (watched_ != 0) poller_.remove(socket_.descriptor(), *this);
  watched_ = 0;
  ssl_.reset();
  socket_ = {};
  unsent_ = {};
  // They may own whatever destroys us.
  const Done reading = std::exchange(reading_, nullptr);
  const Done writing = std::exchange(writing_, nullptr);
}

void SslSocket::watch(std::uint32_t events) {
  if (events == watched_) return;
  if (watched_ == 0)
    poller_.add(socket_.descriptor(), events, *this);
  else if (events == 0)
    poller_.remove(socket_.descriptor(), *this);
  else
    poller_.change(socket_.descriptor(), events, *this);
  watched_ = events;
}

}  // namespace spheregate::tls
