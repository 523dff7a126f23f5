#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <cstdint>

#include "hubsim/reception.hpp"
#include "hubsim/rules.hpp"
#include "hubsim/tls_context.hpp"
#include "spheregate/base/timers.hpp"

namespace spheregate::hubsim {

// Accepts TCP connections, shakes hands for TLS and WebSocket, and gives them to the reception. During an outage they are closed
// at once. Paths: `/$iothub/websocket`, with `?iothub-no-client-cert=true` for clients that will not be asked for a certificate.
class WsServer {
 public:
  // Throws boost::system::system_error when the address cannot be had. The rules outlive the loop's last turn.
  WsServer(boost::asio::io_context& loop, const boost::asio::ip::tcp::endpoint& at, const TlsContext& tls, Reception& reception,
           const Rules& rules);
  WsServer(const WsServer&) = delete;
  WsServer& operator=(const WsServer&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void acceptNext();
  void welcome(boost::asio::ip::tcp::socket socket);

  boost::asio::ip::tcp::acceptor acceptor_;
  const TlsContext& tls_;
  boost::asio::ssl::context context_;
  Reception& reception_;
  const Rules& rules_;
  base::Timer retry_;
};

}  // namespace spheregate::hubsim
