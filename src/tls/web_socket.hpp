#pragma once

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "connection.hpp"
#include "limits.hpp"
#include "spheregate/base/wire.hpp"
#include "write_turn.hpp"

namespace spheregate::tls {

// MQTT in a WebSocket in an established TLS connection to a hub: what is behind a WebSocketWire. Beast does the WebSocket. Core
// thread only. Owned by the passage that upgrades it, then by its wire, and after `close` by a timer until the peer has taken the
// rest and answered the close.
class WebSocket final : public WriteTurn::Writer, public std::enable_shared_from_this<WebSocket> {
 public:
  WebSocket(boost::asio::io_context& loop, Established established);
  ~WebSocket();
  WebSocket(const WebSocket&) = delete;
  WebSocket& operator=(const WebSocket&) = delete;

  // Asks for the upgrade, once. `done` runs on the loop, not inside, with what went wrong and what to do, or empty.
  using Upgraded = std::function<void(const std::string& problem)>;
  void upgrade(const std::string& host, std::chrono::milliseconds timeout, Upgraded done);

  void attach(base::WireUser& user);
  base::Bytes& outbox();
  void flush();
  std::size_t backlog() const { return outbox_.size() + sending_.size() - sent_; }
  void pauseReading() { paused_ = true; }
  void resumeReading();
  void close();
  void drop();
  std::string_view peer() const;

 private:
  enum class State { upgrading, ready, open, closing, closed };
  struct Inside;

  void upgraded(std::string problem);
  void read();
  void deliver(std::size_t size);
  void writeNow() override;
  void write();
  void wrote(std::size_t size);
  void sayGoodbye();
  void fail(const std::string& reason);

  boost::asio::io_context& loop_;
  WriteTurn& turn_;
  boost::asio::steady_timer timer_;  // of the upgrade, then of the end
  std::unique_ptr<Inside> inside_;
  Upgraded done_;
  base::WireUser* user_ = nullptr;
  base::Bytes outbox_;
  base::Bytes sending_;
  std::size_t sent_ = 0;  // of `sending_`
  std::array<std::uint8_t, kWebSocketReadBytes> input_;
  std::size_t held_ = 0;  // bytes of `input_` that came during a pause
  State state_ = State::upgrading;
  bool reading_ = false;
  bool writing_ = false;
  bool paused_ = false;
  bool stoodHigh_ = false;
};

// The Wire over it.
class WebSocketWire final : public base::Wire {
 public:
  explicit WebSocketWire(std::shared_ptr<WebSocket> socket) : socket_{std::move(socket)} {}
  ~WebSocketWire() override {
    if (!closed_) socket_->drop();
  }

  void attach(base::WireUser& user) override { socket_->attach(user); }
  base::Bytes& outbox() override { return socket_->outbox(); }
  void flush() override { socket_->flush(); }
  std::size_t backlog() const override { return socket_->backlog(); }
  void pauseReading() override { socket_->pauseReading(); }
  void resumeReading() override { socket_->resumeReading(); }
  void close() override {
    closed_ = true;
    socket_->close();
  }
  std::string_view peer() const override { return socket_->peer(); }

 private:
  std::shared_ptr<WebSocket> socket_;
  bool closed_ = false;
};

}  // namespace spheregate::tls
