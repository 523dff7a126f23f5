#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

#include "openssl.hpp"
#include "poller.hpp"
#include "socket.hpp"

namespace spheregate::tls {

// Brings one TLS handshake to its end, on either side, within a time. Core thread only.
class Handshake final : public Poller::Watcher, public std::enable_shared_from_this<Handshake> {
 public:
  enum class Ending { done, failed, timedOut };
  // Runs once, never inside `start`. The outcome says why it failed.
  using Done = std::function<void(Ending, const Outcome&)>;

  // The socket is connected, and the SSL knows which side it is.
  Handshake(boost::asio::io_context& loop, Socket socket, Ssl ssl);
  ~Handshake();

  void start(std::chrono::milliseconds timeout, Done done);
  // `done` does not run any more.
  void cancel();

  SSL& ssl() { return *ssl_; }
  // After the end.
  Socket takeSocket() { return std::move(socket_); }
  Ssl takeSsl() { return std::move(ssl_); }

 private:
  void ready(std::uint32_t events) override;
  void await(std::uint32_t events);
  void finish(Ending ending, const Outcome& outcome);

  Poller& poller_;
  Socket socket_;
  Ssl ssl_;
  boost::asio::steady_timer deadline_;
  Done done_;
  std::uint32_t awaited_ = 0;  // 0: not watched
};

}  // namespace spheregate::tls
