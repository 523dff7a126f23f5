#include "http_connection.hpp"

#include <boost/beast/core/detect_ssl.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

#include "event_stream.hpp"

namespace spheregate::ops {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t kHeaderBytesMax = 8 * 1024;
constexpr std::size_t kBufferBytesMax = 16 * 1024;
static_assert(kBufferBytesMax > kHeaderBytesMax, "a header within its limit must fit, and its end must be seen");
// How much of an unwanted body is read away, so that closing does not reset the connection before the client has the answer.
constexpr std::size_t kDrainBytesMax = 256 * 1024;
constexpr std::chrono::seconds kFarewell{1};
// Of this thread's time, with an RSA key on a small machine.
constexpr std::chrono::milliseconds kHandshakeCost{2};

bool isHttpError(const beast::error_code& error) {
  return error.category() == http::make_error_code(http::error::bad_method).category();
}

HttpAnswer refusalOf(const beast::error_code& error) {
  if (error == http::error::body_limit) return refusal(http::status::payload_too_large, "requests have no body here\n");
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return refusal(http::status::request_header_fields_too_large, "the header is too large\n");
  }
  return refusal(http::status::bad_request, "this is not an HTTP request\n");
}

}  // namespace

HttpConnection::HttpConnection(Socket socket, std::chrono::milliseconds deadline, HttpGreeting greeting, Ended ended)
    : stream_{std::move(socket)},
      deadline_{deadline},
      greeting_{std::move(greeting)},
      ended_{std::move(ended)},
      buffer_{kBufferBytesMax},
      pause_{stream_.get_executor()} {}

HttpConnection::~HttpConnection() { ended_(this); }

void HttpConnection::begin() {
  if (!greeting_.tls) return readNext();
  quietSince_ = std::chrono::steady_clock::now();
  stream_.plain().expires_after(deadline_);
  beast::async_detect_ssl(stream_.plain(), buffer_,
                          [self = shared_from_this()](beast::error_code error, bool inTls) { self->greeted(error, inTls); });
}

void HttpConnection::greeted(beast::error_code error, bool inTls) {
  if (closed_ || error) return;
  if (!inTls) return reply({.answer = refusal(http::status::bad_request, "this port speaks TLS; use https://\n")});
  inTurn(&HttpConnection::shakeHands, kHandshakeCost);
}

void HttpConnection::shakeHands() {
  quietSince_ = std::chrono::steady_clock::now();
  stream_.plain().expires_after(deadline_);
  stream_.beginTls(greeting_.tls)
      .async_handshake(asio::ssl::stream_base::server, buffer_.data(), [self = shared_from_this()](beast::error_code failure, std::size_t bytes) {
        if (self->closed_ || failure) return;
        self->buffer_.consume(bytes);
        self->readNext();
      });
}

void HttpConnection::readNext() {
  parser_.emplace();
  parser_->header_limit(kHeaderBytesMax);
  parser_->body_limit(0);
  quietSince_ = std::chrono::steady_clock::now();
  stream_.plain().expires_after(deadline_);
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](beast::error_code error, std::size_t) { self->requestRead(error); });
}

void HttpConnection::close() {
  closed_ = true;
  pause_.cancel();
  stream_.plain().close();
}

void HttpConnection::requestRead(beast::error_code error) {
  if (closed_ || error == http::error::end_of_stream || error == http::error::partial_message) return;
  if (error) {
    // The deadline, or the network.
    if (!isHttpError(error)) return;
    return reply({.answer = refusalOf(error)});
  }
  // Any coding at all: where one ends that is not understood here, somebody else's next request may seem to begin.
  if (parser_->get().count(http::field::transfer_encoding) > 0) return reply({.answer = refusalOf(http::make_error_code(http::error::body_limit))});
  inTurn(&HttpConnection::answerRequest);
}

// Nothing of the socket is pending until the answer comes; what takes it keeps the connection alive.
void HttpConnection::answerRequest() {
  greeting_.reply(parser_->get(), [self = shared_from_this()](HttpReply answer) {
    if (!self->closed_) self->reply(std::move(answer));
  });
}

// Nothing else holds it while it waits.
void HttpConnection::inTurn(void (HttpConnection::*work)(), std::chrono::milliseconds charge) {
  if (!greeting_.turns) return (this->*work)();
  quietSince_ = kNotQuiet;
  pause_.expires_after(deadline_);
  pause_.async_wait([self = shared_from_this()](beast::error_code error) {
    if (!error) self->close();
  });
  const auto begin = [this, work] {
    pause_.cancel();
    if (!closed_) (this->*work)();
  };
  greeting_.turns->ask(weak_from_this(), begin, charge);
}

void HttpConnection::reply(HttpReply reply) {
  reply_ = std::move(reply);
  if (reply_.pause.count() == 0) return send();
  quietSince_ = std::chrono::steady_clock::now();
  pause_.expires_after(reply_.pause);
  pause_.async_wait([self = shared_from_this()](beast::error_code) {
    if (!self->closed_) self->send();
  });
}

void HttpConnection::send() {
  quietSince_ = std::chrono::steady_clock::now();
  stream_.plain().expires_after(deadline_);
  if (reply_.events) return sendEvents();
  http::async_write(stream_, reply_.answer, [self = shared_from_this()](beast::error_code error, std::size_t) {
    if (error || self->closed_) return;
    const bool more = self->reply_.answer.keep_alive();
    // Whoever asks nothing more needs no room meanwhile.
    self->reply_ = {};
    if (more) return self->readNext();
    self->bidFarewell();
  });
}

// A place is taken before the header goes out, so that nobody is promised one that is gone.
void HttpConnection::sendEvents() {
  quietSince_ = kNotQuiet;
  auto events = std::make_shared<EventStream>(shared_from_this(), stream_, reply_.answer.chunked(), deadline_, std::move(reply_.events));
  header_.emplace(reply_.answer);
  http::async_write_header(stream_, *header_, [this, events = std::move(events)](beast::error_code error, std::size_t) {
    if (!error && !closed_) events->begin();
  });
}

// In TLS an end that is meant is told apart from one that is not.
void HttpConnection::bidFarewell() {
  stream_.plain().expires_after(kFarewell);
  if (stream_.tls() == nullptr) return hangUp();
  stream_.tls()->async_shutdown([self = shared_from_this()](beast::error_code) { self->hangUp(); });
}

void HttpConnection::hangUp() {
  beast::error_code ignored;
  stream_.plain().socket().shutdown(Socket::shutdown_send, ignored);
  drain();
}

void HttpConnection::drain() {
  stream_.plain().async_read_some(asio::buffer(drained_), [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
    self->drainedBytes_ += bytes;
    if (!error && self->drainedBytes_ < kDrainBytesMax) self->drain();
  });
}

}  // namespace spheregate::ops
