#include "connection.hpp"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <utility>

#include "farewell.hpp"
#include "limits.hpp"
#include "spheregate/base/check.hpp"

namespace spheregate::tls {
namespace {

// The one read buffer of a thread, in use only while `read` runs. The user of the bytes may close or pause, never read.
std::array<std::uint8_t, kReadTurnBytes>& readBuffer() {
  static thread_local std::array<std::uint8_t, kReadTurnBytes> buffer;
  return buffer;
}

constexpr std::string_view kSentAway = "closed to make room for others before its CONNECT was accepted";
constexpr std::string_view kChatters = "the peer sends TLS records without messages";

const Outcome kLost{.error = SSL_ERROR_SYSCALL, .code = 0, .system = ECONNRESET};

}  // namespace

Connection::Connection(boost::asio::io_context& loop, Established established)
    : loop_{loop},
      poller_{Poller::of(loop)},
      turn_{WriteTurn::of(loop)},
      socket_{std::move(established.socket)},
      ssl_{std::move(established.ssl)},
      seat_{std::move(established.seat)},
      peer_{std::move(established.peer)},
      leftUnheard_{std::move(established.leftUnheard)} {
  Inflow::watchTurns(*ssl_);
  SSL_set_msg_callback(ssl_.get(), &Connection::hear);
  SSL_set_msg_callback_arg(ssl_.get(), this);
  if (!seat_) return;
  const auto mayGo = [this](base::Duration age) { return age >= kUnfinishedGrace && !holdsUnread(socket_); };
  seat_->ifCrowded({.mayGo = mayGo, .leave = [this] { fail(kSentAway); }});
}

Connection::~Connection() { drop(); }

void Connection::attach(base::WireUser& user) {
  SPHEREGATE_CHECK(state_ == State::idle);
  user_ = &user;
  state_ = State::open;
  registered_ = true;
  watched_ = EPOLLIN;
  poller_.add(socket_.descriptor(), watched_, *this);
  // What came together with the end of the handshake is inside OpenSSL, and the socket will not become readable for it.
  if (SSL_has_pending(ssl_.get()) == 1) readSoon();
  if (backlog() > 0) flush();
}

base::Bytes& Connection::outbox() {
  if (outbox_.capacity() == 0) outbox_ = turn_.lend();
  return outbox_;
}

void Connection::flush() {
  if (state_ == State::open) turn_.add(*this);
}

// Interest in reading was kept while nothing came, so that most pauses cost no system call.
void Connection::resumeReading() {
  if (!paused_) return;
  paused_ = false;
  if (state_ != State::open) return;
  watch(watched_ | EPOLLIN);
  if (SSL_has_pending(ssl_.get()) == 1) readSoon();
}

void Connection::readSoon() {
  boost::asio::post(loop_, [self = weak_from_this()] {
    if (const auto connection = self.lock()) connection->read();
  });
}

void Connection::ready(std::uint32_t events) {
  const auto self = shared_from_this();
  if (state_ == State::closing) return writeNow();
  if (paused_ && (events & (EPOLLERR | EPOLLHUP)) != 0) return fail(kLost);
  if ((events & EPOLLOUT) != 0) writeNow();
  read();
}

void Connection::read() {
  if (state_ != State::open) return;
  if (paused_ && mute_) return fail(kLost);
  if (paused_) return watch(watched_ & ~static_cast<std::uint32_t>(EPOLLIN));
  const auto self = shared_from_this();
  base::ByteView bytes;
  const std::optional<Outcome> outcome = fill(bytes);
  if (!bytes.empty()) {
    if (leftUnheard_) leftUnheard_ = nullptr;
    user_->wireBytes(bytes);
  }
  if (state_ != State::open) return;
  if (onlyChatters(bytes.size())) return fail(kChatters);
  if (!outcome) {
    if (mute_ || SSL_has_pending(ssl_.get()) == 1) readSoon();
    return;
  }
  if (!outcome->wants()) return fail(*outcome);
  if (mute_) return fail(kLost);
  // Only an answer that TLS itself wants to give, for example to a key update.
  if (outcome->error == SSL_ERROR_WANT_WRITE) watch(watched_ | EPOLLOUT);
}

void Connection::admitted() {
  if (seat_) seat_->admitted();
}

// OpenSSL tells of every record before it looks at it: of its header, and in TLS 1.3 of what was inside.
void Connection::hear(int written, int, int type, const void* bytes, std::size_t size, SSL*, void* connection) {
  if (written != 0 || size == 0 || (type != SSL3_RT_HEADER && type != SSL3_RT_INNER_CONTENT_TYPE)) return;
  if (*static_cast<const std::uint8_t*>(bytes) == SSL3_RT_APPLICATION_DATA) return;
  static_cast<Connection*>(connection)->chatter_ += kBytesPerChatter;
}

bool Connection::onlyChatters(std::size_t messageBytes) {
  chatter_ -= static_cast<std::uint32_t>(std::min<std::size_t>(chatter_, messageBytes));
  return chatter_ > kChatterMax * kBytesPerChatter;
}

// Reads what is there, at most one turn's share. Nothing is returned when OpenSSL said neither that it must wait nor that it
// ended: either the share is used up, or its own buffer is empty and Poller will tell when the socket has more, which saves a
// read that finds nothing.
std::optional<Outcome> Connection::fill(base::ByteView& bytes) {
  auto& buffer = readBuffer();
  std::size_t filled = 0;
  Inflow::allow(kReadTurnBytes);
  std::optional<Outcome> outcome;
  do {
    std::size_t size = 0;
    ERR_clear_error();
    const int result = SSL_read_ex(ssl_.get(), buffer.data() + filled, buffer.size() - filled, &size);
    if (result != 1) {
      outcome = outcomeOf(*ssl_, result);
      break;
    }
    filled += size;
  } while (filled < buffer.size() && SSL_has_pending(ssl_.get()) == 1);
  bytes = {buffer.data(), filled};
  return outcome;
}

void Connection::writeNow() {
  const auto self = shared_from_this();
  if (state_ == State::closed || !write() || state_ != State::open || !stoodHigh_ || backlog() > 0) return;
  stoodHigh_ = false;
  user_->wireDrained();
}

// False when nothing more can be written, be it that all is said.
bool Connection::write() {
  switch (writeSome()) {
    case Progress::blocked:
      watch(watched_ | EPOLLOUT);
      return true;
    case Progress::failed:
      fallMute();
      return false;
    case Progress::done:
      break;
  }
  if (state_ == State::closing) {
    sayGoodbye();
    return false;
  }
  watch(watched_ & ~static_cast<std::uint32_t>(EPOLLOUT));
  return true;
}

Connection::Progress Connection::writeSome() {
  if (mute_) return Progress::failed;
  if (backlog() > base::Wire::kHighWater) stoodHigh_ = true;
  while (backlog() > 0) {
    std::size_t size = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), outbox_.data() + sent_, backlog(), &size);
    if (result == 1) {
      sent_ += size;
      continue;
    }
    const Outcome outcome = outcomeOf(*ssl_, result);
    tidyOutbox();
    return outcome.wants() ? Progress::blocked : Progress::failed;
  }
  tidyOutbox();
  return Progress::done;
}

// An idle connection keeps no buffer. One that is stuck moves its rest to the front only when that is the smaller half.
void Connection::tidyOutbox() {
  if (backlog() == 0) {
    turn_.giveBack(std::exchange(outbox_, {}));
    sent_ = 0;
  } else if (sent_ > backlog()) {
    outbox_.erase(outbox_.begin(), outbox_.begin() + static_cast<std::ptrdiff_t>(sent_));
    sent_ = 0;
  }
}

// A peer may have said its last words, a DISCONNECT for example, and gone before we wrote. They are in the socket still.
void Connection::fallMute() {
  if (state_ == State::closing) return drop();
  mute_ = true;
  turn_.giveBack(std::exchange(outbox_, {}));
  sent_ = 0;
  watch(watched_ & ~static_cast<std::uint32_t>(EPOLLOUT));
  readSoon();
}

void Connection::watch(std::uint32_t events) {
  if (events == watched_ || !registered_) return;
  watched_ = events;
  poller_.change(socket_.descriptor(), watched_, *this);
}

void Connection::fail(const Outcome& outcome) {
  // A peer that said goodbye is answered; after any other end TLS has nothing more to say.
  if (outcome.error == SSL_ERROR_ZERO_RETURN && !mute_) SSL_shutdown(ssl_.get());
  ERR_clear_error();
  if (const auto tell = std::exchange(leftUnheard_, nullptr)) tell(outcome, *ssl_);
  drop();
  user_->wireClosed(outcome.text());
}

void Connection::fail(std::string_view reason) {
  const auto self = shared_from_this();
  drop();
  if (user_ != nullptr) user_->wireClosed(reason);
}

void Connection::drop() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  turn_.remove(*this);
  if (registered_) poller_.remove(socket_.descriptor(), *this);
  registered_ = false;
  linger_.reset();
  ssl_.reset();
  socket_ = {};
  turn_.giveBack(std::exchange(outbox_, {}));
  sent_ = 0;
  seat_.reset();
}

// The rest is written within this call when the socket takes it, because a daemon that stops may not turn its loop again.
void Connection::close() {
  if (state_ == State::closing || state_ == State::closed) return;
  const auto self = shared_from_this();
  state_ = State::closing;
  turn_.remove(*this);
  if (write()) lingerWhileBlocked();
}

void Connection::lingerWhileBlocked() {
  if (!registered_) poller_.add(socket_.descriptor(), EPOLLOUT, *this);
  registered_ = true;
  watch(EPOLLOUT);
  linger_ = std::make_unique<boost::asio::steady_timer>(loop_, kLingerMax);
  // The timer's handler is what keeps the connection alive from now on; `drop` cancels it.
  linger_->async_wait([self = shared_from_this()](const boost::system::error_code&) { self->drop(); });
}

void Connection::sayGoodbye() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
  if (registered_) poller_.remove(socket_.descriptor(), *this);
  registered_ = false;
  Farewell::bid(loop_, std::move(socket_), std::move(seat_));
  drop();
}

}  // namespace spheregate::tls
