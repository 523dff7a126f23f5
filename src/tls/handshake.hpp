#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "inflow.hpp"
#include "openssl.hpp"
#include "poller.hpp"
#include "socket.hpp"

namespace spheregate::tls {

// Brings one TLS handshake to its end, on either side, within a time. Core thread only.
class Handshake final : public Poller::Watcher, public std::enable_shared_from_this<Handshake> {
 public:
  enum class Ending { done, failed, timedOut, sentAway };
  // Runs once, never inside `start`. The outcome says why it failed.
  using Done = std::function<void(Ending, const Outcome&)>;

  // The socket is connected, and the SSL knows which side it is.
  Handshake(boost::asio::io_context& loop, Socket socket, Ssl ssl);
  ~Handshake();

  void start(std::chrono::milliseconds timeout, Done done);
  // `done` does not run any more.
  void cancel();
  // Ends it for the sake of others.
  void sendAway() { finish(Ending::sentAway, {}); }

  // Whether it may have to go for others, so long after its begin; never while we have something to read.
  bool mayGo(std::chrono::nanoseconds age) const;
  // Whether its ClientHello was complete.
  bool answered() const;
  // What was wrong with what the peer sent, where it was not OpenSSL that stopped; empty otherwise.
  std::string_view problem() const { return inflow_.problem(); }

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
  Inflow inflow_;
  boost::asio::steady_timer deadline_;
  Done done_;
  std::uint32_t awaited_ = 0;  // 0: not watched
};

}  // namespace spheregate::tls
