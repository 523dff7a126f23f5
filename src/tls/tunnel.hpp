#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "spheregate/base/result.hpp"

namespace spheregate::tls {

// Asks an HTTP proxy to lead to a host (CONNECT, RFC 9110 section 9.3.6). The name is the proxy's to resolve. Core thread only.
class Tunnel final : public std::enable_shared_from_this<Tunnel> {
 public:
  using Tcp = boost::asio::ip::tcp;
  // Runs once, on the loop, never inside `start`: the socket, now connected to the host, or the rest of a sentence.
  using Done = std::function<void(base::Explained<Tcp::socket>)>;

  // `authority` is host and port; `authorization` the value of Proxy-Authorization, or empty.
  Tunnel(Tcp::socket socket, const std::string& authority, const std::string& authorization);
  ~Tunnel();

  void start(std::chrono::milliseconds timeout, Done done);
  // `done` does not run any more.
  void cancel();

 private:
  struct Talk;

  void asked(const boost::system::error_code& error);
  void answered(const boost::system::error_code& error);
  void finish(base::Explained<Tcp::socket> result);

  Tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<Talk> talk_;
  Done done_;
};

}  // namespace spheregate::tls
