#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "inflow.hpp"
#include "lobby.hpp"
#include "openssl.hpp"
#include "poller.hpp"
#include "socket.hpp"
#include "spheregate/base/wire.hpp"
#include "write_turn.hpp"

namespace spheregate::tls {

// A connection whose handshake is done, before and after somebody speaks on it.
struct Established {
  Socket socket;
  Ssl ssl;
  std::string peer;
  // Of a device: held as long as the connection exists, its farewell included. Null for our own connections.
  std::shared_ptr<Seat> seat;
  // Called when the peer ends it before it has said anything; may be null.
  std::function<void(const Outcome&, SSL&)> leftUnheard = nullptr;
};

// What is behind a Stream: one established TLS connection. OpenSSL works on the socket itself, Poller says when. Core thread
// only. Owned by its Stream, and after `close` by a timer, until the peer has taken the rest. Between two events it holds no
// buffer.
class Connection final : public Poller::Watcher, public WriteTurn::Writer, public std::enable_shared_from_this<Connection> {
 public:
  Connection(boost::asio::io_context& loop, Established established);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void attach(base::WireUser& user);
  base::Bytes& outbox();
  void flush();
  std::size_t backlog() const { return outbox_.size() - sent_; }
  void pauseReading() { paused_ = true; }
  void resumeReading();
  void close();
  void drop();
  void admitted();
  std::string_view peer() const { return peer_; }

 private:
  enum class State { idle, open, closing, closed };
  enum class Progress { done, blocked, failed };

  void ready(std::uint32_t events) override;
  void writeNow() override;
  void readSoon();
  void read();
  std::optional<Outcome> fill(base::ByteView& bytes);
  bool write();
  Progress writeSome();
  void tidyOutbox();
  void fallMute();
  void watch(std::uint32_t events);
  static void hear(int written, int version, int type, const void* bytes, std::size_t size, SSL* ssl, void* connection);
  bool onlyChatters(std::size_t messageBytes);
  void fail(const Outcome& outcome);
  void fail(std::string_view reason);
  void lingerWhileBlocked();
  void sayGoodbye();

  boost::asio::io_context& loop_;
  Poller& poller_;
  WriteTurn& turn_;
  Socket socket_;
  Ssl ssl_;
  std::shared_ptr<Seat> seat_;
  std::string peer_;
  std::function<void(const Outcome&, SSL&)> leftUnheard_;
  base::WireUser* user_ = nullptr;
  base::Bytes outbox_;
  std::size_t sent_ = 0;      // of the outbox
  std::uint32_t chatter_ = 0;  // in bytes of messages that would make up for it
  std::unique_ptr<boost::asio::steady_timer> linger_;
  std::uint32_t watched_ = 0;
  State state_ = State::idle;
  bool registered_ = false;
  bool paused_ = false;
  bool stoodHigh_ = false;
  bool mute_ = false;  // writing failed; what the peer said before is still heard
};

}  // namespace spheregate::tls
