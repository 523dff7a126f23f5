#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>

#include "hubsim/dps/provisioning.hpp"
#include "hubsim/hub.hpp"

namespace spheregate::hubsim {

// The service and control API over HTTP, always on 127.0.0.1.
class HttpServer {
 public:
  // Throws boost::system::system_error when the port cannot be had.
  HttpServer(boost::asio::io_context& loop, std::uint16_t port, Hub& hub, Provisioning* provisioning = nullptr);
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

 private:
  void acceptNext();

  boost::asio::ip::tcp::acceptor acceptor_;
  Hub& hub_;
  Provisioning* provisioning_;  // null without one
};

}  // namespace spheregate::hubsim
