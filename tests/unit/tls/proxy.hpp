#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <future>
#include <string>
#include <thread>

namespace spheregate::tls::test {

// An HTTP proxy for CONNECT on a thread of its own, which leads everybody to one port of this machine, whatever name is asked
// for, or answers what it is told to.
class Proxy {
 public:
  struct Manners {
    std::string answer = {};  // instead of a tunnel
    bool hangsUp = false;     // after the answer
    bool trickles = false;    // the answer, piece by piece
    bool silent = false;
  };
  explicit Proxy(std::uint16_t hubPort) : Proxy{hubPort, Manners{}} {}
  Proxy(std::uint16_t hubPort, Manners manners);
  ~Proxy();
  Proxy(const Proxy&) = delete;
  Proxy& operator=(const Proxy&) = delete;

  // The header of the first request; waits for it.
  std::string request() { return request_.get(); }

  std::uint16_t port = 0;

 private:
  using Tcp = boost::asio::ip::tcp;
  struct Guest;

  void accept();
  void answer(const std::shared_ptr<Guest>& guest);
  void trickle(const std::shared_ptr<Guest>& guest, std::size_t at);
  void lead(const std::shared_ptr<Guest>& guest);
  static void relay(const std::shared_ptr<Guest>& guest, bool fromHub);

  std::uint16_t hubPort_;
  Manners manners_;
  boost::asio::io_context loop_;
  Tcp::acceptor acceptor_;
  std::promise<std::string> heard_;
  std::future<std::string> request_ = heard_.get_future();
  bool told_ = false;
  std::thread thread_;
};

}  // namespace spheregate::tls::test
