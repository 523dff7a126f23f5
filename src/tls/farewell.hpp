#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>

#include "lobby.hpp"
#include "poller.hpp"
#include "socket.hpp"

namespace spheregate::tls {

// The end of a connection on which everything has been said. A socket that is closed while bytes of the peer are unread resets
// the connection, and the peer may lose our last words: the alert that tells why, the CONNACK that refuses. So the sending side
// is shut, and what comes is thrown away until the peer closes too or time is up.
class Farewell final : public Poller::Watcher, public std::enable_shared_from_this<Farewell> {
 public:
  // The seat is held until the socket is closed.
  static void bid(boost::asio::io_context& loop, Socket socket, std::shared_ptr<Seat> seat);

  Farewell(boost::asio::io_context& loop, Socket socket, std::shared_ptr<Seat> seat);
  ~Farewell();

 private:
  void ready(std::uint32_t events) override;
  void leave();
  void hangUp();

  Poller& poller_;
  Socket socket_;
  std::shared_ptr<Seat> seat_;
  boost::asio::steady_timer timer_;
};

}  // namespace spheregate::tls
