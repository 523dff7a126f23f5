#pragma once

#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hubsim/rules.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"

namespace spheregate::hubsim {

// One MQTT connection over WebSocket and TLS from the server's side. Where frames begin and end means nothing to MQTT: packets
// come in pieces or several at once. While an operation is pending the wire keeps itself alive.
class WsWire final : public base::Wire, public std::enable_shared_from_this<WsWire> {
 public:
  // `problem` is empty when the handshakes succeeded; `target` is what the client asked for.
  using HandshakeDone = std::function<void(std::string_view problem, std::string_view target)>;

  // The rules outlive the wire.
  WsWire(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context& context, const Rules& rules, base::Timers& timers);

  // TLS, then the HTTP request and its answer. Once, first of all; `done` runs once, not inside this call, unless the wire is
  // closed before.
  void handshake(HandshakeDone done);
  SSL* ssl() { return stream_.next_layer().native_handle(); }

  void attach(base::WireUser& user) override;
  base::Bytes& outbox() override { return outbox_; }
  void flush() override;
  std::size_t backlog() const override { return outbox_.size() + sending_.size() - sent_; }
  void pauseReading() override { paused_ = true; }
  void resumeReading() override;
  void close() override;
  std::string_view peer() const override { return peer_; }

 private:
  enum class State { handshaking, open, closing, closed };
  using Request = boost::beast::http::request_parser<boost::beast::http::empty_body>;
  using Refusal = boost::beast::http::response<boost::beast::http::string_body>;

  void readRequest();
  void judgeRequest();
  void refuse(boost::beast::http::status status, std::string_view why);
  void shaken(std::string_view problem);
  void readSoon();
  void read();
  void heard(std::size_t bytes);
  void write();
  void wrote(boost::system::error_code error, std::size_t bytes);
  void sayGoodbye();
  void failed(std::string_view reason);
  void finish();

  boost::beast::websocket::stream<boost::asio::ssl::stream<boost::asio::ip::tcp::socket>> stream_;
  const Rules& rules_;
  std::string peer_;
  std::string target_;
  boost::beast::flat_buffer requestBytes_;
  std::optional<Request> request_;
  Refusal refusal_;
  HandshakeDone handshakeDone_;
  base::WireUser* user_ = nullptr;
  std::array<std::uint8_t, 4096> input_{};
  base::Bytes outbox_;
  base::Bytes sending_;
  std::size_t sent_ = 0;  // of them
  State state_ = State::handshaking;
  bool paused_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool wasHigh_ = false;
  base::Timer deadline_;
};

}  // namespace spheregate::hubsim
