#pragma once

#include <openssl/ssl.h>

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "spheregate/base/timers.hpp"
#include "spheregate/base/wire.hpp"

namespace spheregate::hubsim {

// One TLS connection from the server's side: OpenSSL on the socket itself, Asio only to wait for it. While a wait is pending the
// wire keeps itself alive, so that a closed one can hand over its last bytes after its owner let go.
class TlsWire final : public base::Wire, public std::enable_shared_from_this<TlsWire> {
 public:
  // The problem is empty when the handshake succeeded.
  using HandshakeDone = std::function<void(std::string_view problem)>;

  TlsWire(boost::asio::ip::tcp::socket socket, SSL_CTX* context, base::Timers& timers);
  ~TlsWire() override;

  // Once, first of all. `done` runs once, not inside this call, unless the wire is closed before.
  void handshake(HandshakeDone done);
  SSL* ssl() const { return ssl_.get(); }

  void attach(base::WireUser& user) override;
  base::Bytes& outbox() override { return outbox_; }
  void flush() override;
  std::size_t backlog() const override { return outbox_.size() - sent_; }
  void pauseReading() override { paused_ = true; }
  void resumeReading() override;
  void close() override;
  std::string_view peer() const override { return peer_; }

 private:
  enum class State { handshaking, open, closing, closed };
  enum class Progress { done, blocked, failed };
  struct Free {
    void operator()(SSL* ssl) const { SSL_free(ssl); }
  };

  void shake();
  void shaken(std::string_view problem);
  void awaitReadable();
  void awaitWritable();
  void readSoon();
  void readAll();
  bool deliver(base::ByteView bytes);
  Progress write();
  void failed(std::string_view reason);
  void finish();

  boost::asio::ip::tcp::socket socket_;
  std::unique_ptr<SSL, Free> ssl_;
  std::string peer_;
  base::WireUser* user_ = nullptr;
  HandshakeDone handshakeDone_;
  base::Bytes outbox_;
  std::size_t sent_ = 0;
  State state_ = State::handshaking;
  bool paused_ = false;
  bool awaitsRead_ = false;
  bool awaitsWrite_ = false;
  bool wasHigh_ = false;
  base::Timer deadline_;
};

}  // namespace spheregate::hubsim
