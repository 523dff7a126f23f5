#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>

#include "hubsim/reception.hpp"
#include "hubsim/tls_context.hpp"
#include "spheregate/base/timers.hpp"

namespace spheregate::hubsim {

// Accepts TCP connections, shakes hands, and gives them to the reception. During an outage they are closed at once.
class MqttServer {
 public:
  // Throws boost::system::system_error when the address cannot be had.
  MqttServer(boost::asio::io_context& loop, const boost::asio::ip::tcp::endpoint& at, const TlsContext& tls,
             Reception& reception);
  MqttServer(const MqttServer&) = delete;
  MqttServer& operator=(const MqttServer&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void acceptNext();
  void welcome(boost::asio::ip::tcp::socket socket);

  boost::asio::ip::tcp::acceptor acceptor_;
  const TlsContext& tls_;
  Reception& reception_;
  base::Timer retry_;
};

}  // namespace spheregate::hubsim
