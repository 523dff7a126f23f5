#pragma once

#include <array>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/serializer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "http_reply.hpp"
#include "http_stream.hpp"
#include "http_turns.hpp"

namespace spheregate::ops {

// How one client is met.
struct HttpGreeting {
  // Takes the answer, now or later, on the loop. When nobody answers and the last copy of it is gone, the connection ends.
  using Take = std::function<void(HttpReply)>;
  std::function<void(const HttpRequest&, const Take&)> reply;
  std::shared_ptr<boost::asio::ssl::context> tls;  // null: in the clear
  std::shared_ptr<HttpTurns> turns;                // null: at once
};

// One client, over TCP or a Unix socket: a request, its answer, and again while the client wants. Keeps itself alive while an operation is pending; its
// owner may close it at any time and hears of its end by `ended`.
class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using Socket = HttpStream::Protocol::socket;
  using Ended = std::function<void(HttpConnection*)>;

  HttpConnection(Socket socket, std::chrono::milliseconds deadline, HttpGreeting greeting, Ended ended);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  void begin();
  // Nothing is asked and nothing is sent afterwards.
  void close();
  // When it last began to wait for a request or to send an answer. Who waits for his turn, or listens to events, is not quiet.
  std::chrono::steady_clock::time_point quietSince() const { return quietSince_; }
  static constexpr std::chrono::steady_clock::time_point kNotQuiet = std::chrono::steady_clock::time_point::max();

 private:
  // Does the work when it is this connection's turn.
  void inTurn(void (HttpConnection::*work)(), std::chrono::milliseconds charge = {});
  void greeted(boost::beast::error_code error, bool inTls);
  void shakeHands();
  void readNext();
  void requestRead(boost::beast::error_code error);
  void answerRequest();
  void reply(HttpReply reply);
  void send();
  void sendEvents();
  void bidFarewell();
  void hangUp();
  void drain();

  HttpStream stream_;
  std::chrono::milliseconds deadline_;
  HttpGreeting greeting_;
  Ended ended_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
  HttpReply reply_;
  std::optional<boost::beast::http::response_serializer<boost::beast::http::string_body>> header_;  // of events
  boost::asio::steady_timer pause_;  // of an answer, or the deadline while it stands in line
  std::array<char, 4096> drained_{};
  std::size_t drainedBytes_ = 0;
  std::chrono::steady_clock::time_point quietSince_;
  bool closed_ = false;
};

}  // namespace spheregate::ops
