#pragma once

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_set>
#include <utility>

#include "http_connection.hpp"

namespace spheregate::ops {

// Accepts and counts HTTP connections at an acceptor that listens already, of TCP or of Unix sockets. Kept alive by pending
// operations, so that a connection that ends late finds it.
template <class Protocol>
class HttpDoor : public std::enable_shared_from_this<HttpDoor<Protocol>> {
 public:
  using Acceptor = typename Protocol::acceptor;
  using Socket = typename Protocol::socket;
  // Asked once a connection.
  using Greet = std::function<HttpGreeting(Socket&)>;

  HttpDoor(boost::asio::io_context& loop, Acceptor acceptor, std::size_t connectionsMax, std::chrono::milliseconds deadline, Greet greet)
      : acceptor_{std::move(acceptor)}, pause_{loop}, connectionsMax_{connectionsMax}, deadline_{deadline}, greet_{std::move(greet)} {}

  void acceptNext() {
    if (closed_) return;
    acceptor_.async_accept([self = this->shared_from_this()](boost::system::error_code error, Socket socket) {
      self->accepted(error, std::move(socket));
    });
  }

  // Drops all connections; nobody is asked for an answer afterwards.
  void close() {
    closed_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    pause_.cancel();
    for (HttpConnection* connection : connections_) connection->close();
  }

 private:
  // When the process has no file descriptors left, accepting fails at once, again and again.
  static constexpr std::chrono::milliseconds kAcceptPause{100};

  void accepted(boost::system::error_code error, Socket socket) {
    if (closed_) return;
    if (error) {
      pause_.expires_after(kAcceptPause);
      pause_.async_wait([self = this->shared_from_this()](boost::system::error_code) { self->acceptNext(); });
      return;
    }
    if (!connections_.empty() && connections_.size() >= connectionsMax_ && !dropQuietest()) {
      socket.close(error);
      return acceptNext();
    }
    HttpGreeting greeting = greet_(socket);
    auto connection = std::make_shared<HttpConnection>(
        HttpConnection::Socket{std::move(socket)}, deadline_, std::move(greeting),
        [self = this->shared_from_this()](HttpConnection* ended) { self->connections_.erase(ended); });
    connections_.insert(connection.get());
    connection->begin();
    acceptNext();
  }

  // Whoever holds all places and asks nothing must not keep an operator out. False when nobody is quiet.
  bool dropQuietest() {
    const auto quietest =
        std::min_element(connections_.begin(), connections_.end(),
                         [](const HttpConnection* a, const HttpConnection* b) { return a->quietSince() < b->quietSince(); });
    HttpConnection* dropped = *quietest;
    if (dropped->quietSince() == HttpConnection::kNotQuiet) return false;
    connections_.erase(quietest);
    dropped->close();
    return true;
  }

  Acceptor acceptor_;
  boost::asio::steady_timer pause_;
  std::size_t connectionsMax_;
  std::chrono::milliseconds deadline_;
  Greet greet_;
  std::unordered_set<HttpConnection*> connections_;
  bool closed_ = false;
};

}  // namespace spheregate::ops
