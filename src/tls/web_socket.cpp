#include "web_socket.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>

#include "http_words.hpp"
#include "spheregate/base/check.hpp"
#include "ssl_socket.hpp"
#include "tls_layer.hpp"

namespace spheregate::tls {

namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using boost::system::error_code;

struct WebSocket::Inside {
  explicit Inside(std::shared_ptr<SslSocket> ssl) : socket{ssl}, stream{std::move(ssl)} {}

  std::shared_ptr<SslSocket> socket;
  // Without compression: payloads are small or compressed already, and it would cost 300 KB a connection.
  websocket::stream<TlsLayer, false> stream;
  websocket::response_type answer;
};

namespace {

// The query says that we have no certificate to show; without it the hub asks for one in a second handshake.
constexpr const char* kPath = "/$iothub/websocket?iothub-no-client-cert=true";
constexpr const char* kSubProtocol = "mqtt";

const char* fixFor(unsigned status) {
  switch (status) {
    case 401:
    case 403:
    case 407:
      return "let whoever stands between this machine and the hub pass WebSocket to this host";
    case 404:
      return "there is no IoT Hub; check upstream.hub, and upstream.port if it is set (an IoT Hub has 443)";
    case 429:
    case 503:
      return "the hub is busy; the gateway tries again by itself";
    default:
      return "an IoT Hub does not answer so; check upstream.hub, and whether something in between answers in its place";
  }
}

// The status of an answer that has a whole header; 0 otherwise.
unsigned statusOf(std::string_view answer) {
  http::response_parser<http::empty_body> parser;
  parser.header_limit(kHttpHeaderBytesMax);
  parser.skip(true);
  error_code ignored;
  parser.put(boost::asio::buffer(answer), ignored);
  return parser.is_header_done() ? parser.get().result_int() : 0;
}

// Beast tells why it is not content, but not always with which status, for example when an error page does not end.
std::string refusal(const error_code& error, const SslSocket& socket) {
  const unsigned status = statusOf(socket.kept());
  if (status != 0 && status != 101) return statusText(status) + "; " + fixFor(status);
  if (status == 101) return "the answer is no proper upgrade (" + error.message() + "); " + fixFor(status);
  if (!socket.problem().empty()) return std::string{socket.problem()} + " without an answer; " + fixFor(status);
  if (error == boost::asio::error::timed_out) return "no whole answer in time; " + std::string{fixFor(status)};
  return "the answer is not HTTP (" + error.message() + "); " + fixFor(status);
}

std::string ending(const error_code& error, const SslSocket& socket, const websocket::close_reason& reason) {
  if (error == websocket::error::closed) {
    std::string text = "the WebSocket was closed by the peer";
    if (reason.code != websocket::close_code::none) text += " with code " + std::to_string(reason.code);
    if (!reason.reason.empty()) text.append(" (").append(reason.reason.data(), reason.reason.size()).append(")");
    return text;
  }
  if (!socket.problem().empty()) return std::string{socket.problem()};
  return "WebSocket: " + error.message();
}

}  // namespace

WebSocket::WebSocket(boost::asio::io_context& loop, Established established)
    : loop_{loop},
      turn_{WriteTurn::of(loop)},
      timer_{loop},
      inside_{std::make_unique<Inside>(std::make_shared<SslSocket>(loop, std::move(established)))} {}

WebSocket::~WebSocket() { drop(); }

std::string_view WebSocket::peer() const { return inside_->socket->peer(); }

void WebSocket::upgrade(const std::string& host, std::chrono::milliseconds timeout, Upgraded done) {
  done_ = std::move(done);
  auto& stream = inside_->stream;
  stream.set_option(websocket::stream_base::decorator([](websocket::request_type& request) {
    request.set(http::field::user_agent, kUserAgent);
    request.set(http::field::sec_websocket_protocol, kSubProtocol);
  }));
  stream.binary(true);
  stream.auto_fragment(false);
  stream.read_message_max(kHubMessageBytesMax);
  inside_->socket->keep(kUpgradeAnswerBytesMax);
  const auto judge = [self = weak_from_this()](const error_code& error) {
    const auto socket = self.lock();
    if (!socket || !socket->done_) return;
    if (error) return socket->upgraded(refusal(error, *socket->inside_->socket));
    const bool mqtt = socket->inside_->answer[http::field::sec_websocket_protocol] == kSubProtocol;
    socket->upgraded(mqtt ? "" : std::string{"the answer does not name the sub-protocol mqtt; "} + fixFor(101));
  };
  timer_.expires_after(timeout);
  timer_.async_wait([judge](const error_code& error) {
    if (!error) judge(boost::asio::error::timed_out);
  });
  stream.async_handshake(inside_->answer, host, kPath, judge);
}

void WebSocket::upgraded(std::string problem) {
  const auto self = shared_from_this();
  const Upgraded done = std::exchange(done_, nullptr);
  timer_.cancel();
  inside_->socket->forget();
  inside_->answer = {};
  state_ = State::ready;
  if (!problem.empty()) drop();
  done(problem);
}

void WebSocket::attach(base::WireUser& user) {
  SPHEREGATE_CHECK(state_ == State::ready);
  user_ = &user;
  state_ = State::open;
  read();
  if (backlog() > 0) flush();
}

void WebSocket::read() {
  reading_ = true;
  inside_->stream.async_read_some(boost::asio::buffer(input_),
                                  [self = weak_from_this()](const error_code& error, std::size_t size) {
                                    const auto socket = self.lock();
                                    if (!socket) return;
                                    socket->reading_ = false;
                                    if (socket->state_ != State::open) return;
                                    const auto& stream = socket->inside_->stream;
                                    if (error) return socket->fail(ending(error, *socket->inside_->socket, stream.reason()));
                                    // MQTT 3.1.1, [MQTT-6.0.0-1].
                                    if (!stream.got_binary())
                                      return socket->fail("the peer sent text in a WebSocket that is for MQTT");
                                    if (socket->paused_)
                                      socket->held_ = size;
                                    else
                                      socket->deliver(size);
                                  });
}

void WebSocket::deliver(std::size_t size) {
  const auto self = shared_from_this();
  if (size > 0) user_->wireBytes({input_.data(), size});
  if (state_ == State::open && !paused_) read();
}

void WebSocket::resumeReading() {
  if (!paused_) return;
  paused_ = false;
  if (state_ != State::open || reading_) return;
  reading_ = true;
  boost::asio::post(loop_, [self = weak_from_this()] {
    const auto socket = self.lock();
    if (!socket || socket->state_ != State::open) return;
    socket->reading_ = false;
    if (!socket->paused_) socket->deliver(std::exchange(socket->held_, 0));
  });
}

base::Bytes& WebSocket::outbox() {
  if (outbox_.capacity() == 0) outbox_ = turn_.lend();
  return outbox_;
}

void WebSocket::flush() {
  if (state_ == State::open) turn_.add(*this);
}

void WebSocket::writeNow() {
  if (backlog() > base::Wire::kHighWater) stoodHigh_ = true;
  if (!writing_) write();
}

// One message a turn, and one frame a message, as the SDKs do; what is appended meanwhile goes into the next.
void WebSocket::write() {
  if (sent_ == sending_.size()) {
    turn_.giveBack(std::exchange(sending_, std::exchange(outbox_, {})));
    sent_ = 0;
  }
  if (sending_.empty()) return;
  writing_ = true;
  const std::size_t size = std::min(sending_.size() - sent_, kFrameBytesMax);
  inside_->stream.async_write(boost::asio::buffer(sending_.data() + sent_, size),
                              [self = weak_from_this(), size](const error_code& error, std::size_t) {
                                const auto socket = self.lock();
                                if (!socket) return;
                                socket->writing_ = false;
                                if (socket->state_ != State::open && socket->state_ != State::closing) return;
                                if (error)
                                  return socket->fail(ending(error, *socket->inside_->socket, socket->inside_->stream.reason()));
                                socket->wrote(size);
                              });
}

void WebSocket::wrote(std::size_t size) {
  const auto self = shared_from_this();
  sent_ += size;
  write();
  if (writing_) return;
  if (state_ == State::closing) return sayGoodbye();
  if (std::exchange(stoodHigh_, false)) user_->wireDrained();
}

// What is in the outbox goes first. Small rests leave within this call, because a daemon that stops may not turn its loop again.
void WebSocket::close() {
  if (state_ == State::upgrading) return drop();
  if (state_ != State::ready && state_ != State::open) return;
  state_ = State::closing;
  turn_.remove(*this);
  // The timer's handler is what keeps the connection alive from now on; `drop` cancels it.
  timer_.expires_after(kLingerMax);
  timer_.async_wait([self = shared_from_this()](const error_code&) { self->drop(); });
  if (!writing_) write();
  if (!writing_) sayGoodbye();
}

void WebSocket::sayGoodbye() {
  inside_->stream.async_close(websocket::close_code::normal, [self = weak_from_this()](const error_code&) {
    if (const auto socket = self.lock()) socket->drop();
  });
}

void WebSocket::fail(const std::string& reason) {
  const bool told = state_ == State::open;
  drop();
  if (told) user_->wireClosed(reason);
}

void WebSocket::drop() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  done_ = nullptr;
  turn_.remove(*this);
  timer_.cancel();
  inside_->socket->shut();
  turn_.giveBack(std::exchange(outbox_, {}));
  turn_.giveBack(std::exchange(sending_, {}));
  sent_ = 0;
}

}  // namespace spheregate::tls
