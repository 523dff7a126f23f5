#include "event_stream.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/chunk_encode.hpp>
#include <utility>


namespace spheregate::ops {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;

constexpr int kSendBufferBytes = 128 * 1024;
constexpr unsigned kUnacknowledgedMsMax = 30'000;

// The system should neither hold megabytes for somebody who does not read, nor try for a quarter of an hour to reach somebody who is gone.
void restrain(int socket) {
  ::setsockopt(socket, SOL_SOCKET, SO_SNDBUF, &kSendBufferBytes, sizeof kSendBufferBytes);
  ::setsockopt(socket, IPPROTO_TCP, TCP_USER_TIMEOUT, &kUnacknowledgedMsMax, sizeof kUnacknowledgedMsMax);
}

}  // namespace

EventStream::EventStream(std::shared_ptr<void> connection, HttpStream& stream, bool chunked, std::chrono::milliseconds deadline,
                         std::shared_ptr<EventFeed> feed)
    : connection_{std::move(connection)}, stream_{stream}, chunked_{chunked}, deadline_{deadline}, feed_{std::move(feed)} {
  restrain(stream_.plain().socket().native_handle());
  feed_->join(*this);
}

EventStream::~EventStream() { feed_->leave(*this); }

void EventStream::begin() {
  begun_ = true;
  stream_.plain().expires_never();
  listen();
  writeNext();
}

void EventStream::say(std::shared_ptr<const std::string> events) {
  // A chunk of nothing would be the end.
  if (over_ || ending_ || events->empty()) return;
  waitingBytes_ += events->size();
  waiting_.push_back(std::move(events));
  if (waitingBytes_ > kWaitingBytesMax) {
    feed_->tooSlow();
    return stop();
  }
  writeNext();
}

void EventStream::end() {
  ending_ = true;
  writeNext();
}

// Whoever listens has nothing to say: what comes is the end, or from somebody who does not know where he is.
void EventStream::listen() {
  stream_.async_read_some(asio::buffer(heard_), [self = shared_from_this()](boost::system::error_code error, std::size_t) {
    // When a deadline closes the socket, what was being written knows of it too, and why.
    if (error != asio::error::operation_aborted || !self->writing_) self->stop();
  });
}

void EventStream::writeNext() {
  if (!begun_ || writing_ || over_) return;
  if (waiting_.empty()) {
    if (ending_) finish();
    return;
  }
  current_ = std::move(waiting_.front());
  waiting_.pop_front();
  waitingBytes_ -= current_->size();
  if (chunked_) return write(http::make_chunk(asio::buffer(*current_)));
  write(asio::buffer(*current_));
}

void EventStream::finish() {
  if (finished_ || !chunked_) return stop();
  finished_ = true;
  write(http::make_chunk_last());
}

template <class Buffers>
void EventStream::write(const Buffers& buffers) {
  writing_ = true;
  stream_.plain().expires_after(deadline_);
  asio::async_write(stream_, buffers, [self = shared_from_this()](boost::system::error_code error, std::size_t) { self->written(error); });
}

void EventStream::written(boost::system::error_code error) {
  writing_ = false;
  if (over_) return;
  if (!error) return writeNext();
  if (error == boost::beast::error::timeout) feed_->tooSlow();
  stop();
}

// What was written before is still sent.
void EventStream::stop() {
  if (std::exchange(over_, true)) return;
  waiting_.clear();
  feed_->leave(*this);
  boost::system::error_code ignored;
  stream_.plain().socket().shutdown(HttpStream::Protocol::socket::shutdown_both, ignored);
  stream_.plain().close();
}

}  // namespace spheregate::ops
