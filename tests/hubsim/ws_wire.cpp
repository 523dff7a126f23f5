#include "hubsim/ws_wire.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>

#include "hubsim/limits.hpp"

namespace spheregate::hubsim {

namespace asio = boost::asio;
namespace http = boost::beast::http;
namespace websocket = boost::beast::websocket;
using Tcp = asio::ip::tcp;
using Error = boost::system::error_code;

namespace {

constexpr std::string_view kPath = "/$iothub/websocket";
constexpr std::string_view kSubprotocol = "mqtt";

std::string nameOf(const Tcp::socket& socket) {
  Error error;
  const auto endpoint = socket.remote_endpoint(error);
  return error ? "unknown" : endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
}

template <class Text>
std::string_view view(const Text& text) {
  return {text.data(), text.size()};
}

bool offersMqtt(const http::request<http::empty_body>& request) {
  const auto offered = http::token_list{request[http::field::sec_websocket_protocol]};
  return std::any_of(offered.begin(), offered.end(), [](const auto& name) { return view(name) == kSubprotocol; });
}

}  // namespace

WsWire::WsWire(Tcp::socket socket, asio::ssl::context& context, const Rules& rules, base::Timers& timers)
    : stream_{std::move(socket), context},
      rules_{rules},
      peer_{nameOf(boost::beast::get_lowest_layer(stream_))},
      requestBytes_{kWebSocketRequestBytesMax},
      deadline_{timers} {
  Error ignored;
  boost::beast::get_lowest_layer(stream_).set_option(Tcp::no_delay{true}, ignored);
  stream_.binary(true);
  stream_.auto_fragment(false);
  // A message is handed on in pieces and never gathered, so it may be as long as it likes.
  stream_.read_message_max(0);
  stream_.set_option(websocket::stream_base::decorator(
      [](websocket::response_type& response) { response.set(http::field::sec_websocket_protocol, "mqtt"); }));
}

void WsWire::handshake(HandshakeDone done) {
  handshakeDone_ = std::move(done);
  deadline_.after(kHandshakeTimeout, [this] { shaken("handshake timed out"); });
  stream_.next_layer().async_handshake(asio::ssl::stream_base::server, [self = shared_from_this()](Error error) {
    if (self->state_ == State::closed) return;
    if (error) return self->shaken("handshake: " + error.message());
    self->readRequest();
  });
}

void WsWire::readRequest() {
  request_.emplace();
  request_->header_limit(static_cast<std::uint32_t>(kWebSocketRequestBytesMax));
  http::async_read_header(stream_.next_layer(), requestBytes_, *request_, [self = shared_from_this()](Error error, std::size_t) {
    if (self->state_ == State::closed) return;
    if (error) return self->shaken("websocket: " + error.message());
    self->judgeRequest();
  });
}

void WsWire::judgeRequest() {
  const auto& request = request_->get();
  target_ = view(request.target());
  if (target_.substr(0, target_.find('?')) != kPath) return refuse(http::status::not_found, "no such path");
  if (!websocket::is_upgrade(request)) return refuse(http::status::upgrade_required, "expected a WebSocket");
  if (!offersMqtt(request)) return refuse(http::status::bad_request, "expected the sub-protocol mqtt");
  stream_.async_accept(request, [self = shared_from_this()](Error error) {
    if (self->state_ == State::closed) return;
    self->request_.reset();
    if (error) return self->shaken("websocket: " + error.message());
    self->shaken("");
  });
}

void WsWire::refuse(http::status status, std::string_view why) {
  refusal_ = Refusal{status, request_->get().version()};
  refusal_.keep_alive(false);
  refusal_.body() = std::string{why} + "\n";
  refusal_.prepare_payload();
  http::async_write(stream_.next_layer(), refusal_, [self = shared_from_this()](Error, std::size_t) {
    if (self->state_ == State::closed) return;
    self->shaken("websocket: " + self->refusal_.body().substr(0, self->refusal_.body().size() - 1));
  });
}

void WsWire::shaken(std::string_view problem) {
  const auto self = shared_from_this();
  deadline_.cancel();
  if (problem.empty())
    state_ = State::open;
  else
    finish();
  const HandshakeDone done = std::move(handshakeDone_);
  handshakeDone_ = nullptr;
  if (done) done(problem, target_);
}

void WsWire::attach(base::WireUser& user) {
  user_ = &user;
  readSoon();
}

void WsWire::resumeReading() {
  if (!paused_) return;
  paused_ = false;
  readSoon();
}

void WsWire::readSoon() {
  asio::post(stream_.get_executor(), [self = shared_from_this()] { self->read(); });
}

void WsWire::read() {
  if (state_ != State::open || paused_ || reading_ || !user_) return;
  reading_ = true;
  stream_.async_read_some(asio::buffer(input_), [self = shared_from_this()](Error error, std::size_t bytes) {
    self->reading_ = false;
    if (self->state_ != State::open) return;
    if (error) return self->failed(error == websocket::error::closed ? "closed by the peer" : error.message());
    self->heard(bytes);
  });
}

// A pause that was asked for while the read was pending still lets its bytes through.
void WsWire::heard(std::size_t bytes) {
  if (!stream_.got_binary()) return failed("a text message");
  if (bytes > 0) user_->wireBytes({input_.data(), bytes});
  read();
}

void WsWire::flush() {
  if (state_ == State::open || state_ == State::closing) write();
}

void WsWire::write() {
  if (writing_ || state_ == State::closed) return;
  if (sent_ == sending_.size()) {
    sending_ = std::move(outbox_);
    outbox_ = {};
    sent_ = 0;
  }
  if (sending_.empty()) {
    if (state_ == State::closing) sayGoodbye();
    return;
  }
  if (backlog() > kHighWater) wasHigh_ = true;
  writing_ = true;
  const std::size_t left = sending_.size() - sent_;
  const std::size_t frame = rules_.wsFrameBytes == 0 ? left : std::min<std::size_t>(left, rules_.wsFrameBytes);
  stream_.async_write(asio::buffer(sending_.data() + sent_, frame),
                      [self = shared_from_this()](Error error, std::size_t bytes) { self->wrote(error, bytes); });
}

void WsWire::wrote(Error error, std::size_t bytes) {
  writing_ = false;
  if (state_ == State::closed) return;
  if (error) return state_ == State::closing ? finish() : failed("connection lost while writing");
  sent_ += bytes;
  if (sent_ == sending_.size()) {
    sending_ = {};  // an idle connection keeps no buffer
    sent_ = 0;
  }
  const bool drained = wasHigh_ && backlog() == 0 && state_ == State::open;
  if (drained) wasHigh_ = false;
  write();
  if (drained) user_->wireDrained();
}

void WsWire::close() {
  if (state_ == State::closing || state_ == State::closed) return;
  const auto self = shared_from_this();
  if (state_ == State::handshaking) return finish();
  state_ = State::closing;
  deadline_.after(kCloseTimeout, [this] { finish(); });
  write();
}

void WsWire::sayGoodbye() {
  writing_ = true;
  stream_.async_close(websocket::close_code::normal, [self = shared_from_this()](Error) { self->finish(); });
}

void WsWire::failed(std::string_view reason) {
  if (state_ != State::open) return;
  finish();
  user_->wireClosed(reason);
}

void WsWire::finish() {
  if (state_ == State::closed) return;
  state_ = State::closed;
  deadline_.cancel();
  Error ignored;
  auto& socket = boost::beast::get_lowest_layer(stream_);
  socket.shutdown(Tcp::socket::shutdown_both, ignored);
  socket.close(ignored);
}

}  // namespace spheregate::hubsim
