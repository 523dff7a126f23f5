#pragma once

#include <array>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "http_answer.hpp"

namespace spheregate::ops {

// One client, over TCP or a Unix socket: a request, its answer, and again while the client wants. Keeps itself alive while an operation is pending; its
// owner may close it at any time and hears of its end by `ended`.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  // Takes the answer, now or later, on the loop. When nobody answers and the last copy of it is gone, the connection ends.
  using Reply = std::function<void(HttpAnswer)>;
  using Answer = std::function<void(const HttpRequest&, Reply)>;
  using Socket = boost::asio::generic::stream_protocol::socket;
  using Ended = std::function<void(HttpConnection*)>;

  HttpConnection(Socket socket, std::chrono::milliseconds deadline, Answer answer, Ended ended);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void readNext();
  // Nothing is asked and nothing is sent afterwards.
  void close();
  // When it last began to wait for a request or to send an answer.
  std::chrono::steady_clock::time_point quietSince() const { return quietSince_; }

 private:
  void requestRead(boost::beast::error_code error);
  void write(HttpAnswer answer);
  void bidFarewell();
  void drain();

  boost::beast::basic_stream<boost::asio::generic::stream_protocol> stream_;
  std::chrono::milliseconds deadline_;
  Answer answer_;
  Ended ended_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
  HttpAnswer response_;
  std::array<char, 4096> drained_{};
  std::size_t drainedBytes_ = 0;
  std::chrono::steady_clock::time_point quietSince_;
  bool closed_ = false;
};

}  // namespace spheregate::ops
