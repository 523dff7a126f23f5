#include "http_connection.hpp"

#include <boost/beast/http/error.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <utility>

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

HttpConnection::HttpConnection(Socket socket, std::chrono::milliseconds deadline, Answer answer, Ended ended)
    : stream_{std::move(socket)},
      deadline_{deadline},
      answer_{std::move(answer)},
      ended_{std::move(ended)},
      buffer_{kBufferBytesMax} {}

HttpConnection::~HttpConnection() { ended_(this); }

void HttpConnection::readNext() {
  parser_.emplace();
  parser_->header_limit(kHeaderBytesMax);
  parser_->body_limit(0);
  quietSince_ = std::chrono::steady_clock::now();
  stream_.expires_after(deadline_);
  http::async_read_header(stream_, buffer_, *parser_,
                          [self = shared_from_this()](beast::error_code error, std::size_t) { self->requestRead(error); });
}

void HttpConnection::close() {
  closed_ = true;
  stream_.close();
}

void HttpConnection::requestRead(beast::error_code error) {
  if (closed_ || error == http::error::end_of_stream || error == http::error::partial_message) return;
  if (error) {
    // The deadline, or the network.
    if (!isHttpError(error)) return;
    return write(refusalOf(error));
  }
  if (parser_->chunked()) return write(refusalOf(http::make_error_code(http::error::body_limit)));
  // Nothing of the socket is pending meanwhile; the reply keeps the connection alive.
  answer_(parser_->get(), [self = shared_from_this()](HttpAnswer answer) {
    if (!self->closed_) self->write(std::move(answer));
  });
}

void HttpConnection::write(HttpAnswer answer) {
  response_ = std::move(answer);
  quietSince_ = std::chrono::steady_clock::now();
  stream_.expires_after(deadline_);
  http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code error, std::size_t) {
    if (error) return;
    if (self->response_.keep_alive()) return self->readNext();
    self->bidFarewell();
  });
}

void HttpConnection::bidFarewell() {
  beast::error_code ignored;
  stream_.socket().shutdown(Socket::shutdown_send, ignored);
  stream_.expires_after(kFarewell);
  drain();
}

void HttpConnection::drain() {
  stream_.async_read_some(asio::buffer(drained_), [self = shared_from_this()](beast::error_code error, std::size_t bytes) {
    self->drainedBytes_ += bytes;
    if (!error && self->drainedBytes_ < kDrainBytesMax) self->drain();
  });
}

}  // namespace spheregate::ops
