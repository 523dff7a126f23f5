#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "handshake.hpp"
#include "hub_check.hpp"
#include "openssl.hpp"
#include "spheregate/tls/connector.hpp"
#include "tunnel.hpp"
#include "web_socket.hpp"

namespace spheregate::tls {

// What every attempt to reach the hub shares.
struct Way {
  boost::asio::io_context& loop;
  ConnectorSettings settings;
  SslContext context;
  std::string proxyLogin;  // the value of Proxy-Authorization, or empty
};

// One attempt: resolves, then for each address TCP, the proxy's tunnel if there is a proxy, TLS, and the upgrade to WebSocket if
// that is the transport, until one is through or the time is up. An address may use its share of the time that is left, so that
// a dead first one does not cost the others theirs. Core thread only.
class Passage final : public std::enable_shared_from_this<Passage> {
 public:
  Passage(std::shared_ptr<const Way> way, std::string host, Connector::Done done);

  void start();
  // `done` does not run any more.
  void cancel();

 private:
  using Tcp = boost::asio::ip::tcp;
  using Milliseconds = std::chrono::milliseconds;
  using Result = base::Explained<std::unique_ptr<base::Wire>>;

  void resolved(const boost::system::error_code& error, const Tcp::resolver::results_type& found);
  void tryNext();
  void connected(const boost::system::error_code& error);
  void dig(Tcp::socket socket);
  void encrypt(Tcp::socket socket);
  void shaken(Handshake::Ending ending, const Outcome& outcome);
  void upgrade(Established established);
  void missed(std::string problem);
  void arm(Milliseconds wait, std::string problem);
  void letGo();
  void finish(Result result);
  bool throughProxy() const { return !way_->settings.proxy.address.host.empty(); }
  std::string authority() const;
  Milliseconds share() const;
  Milliseconds timeLeft() const;

  std::shared_ptr<const Way> way_;
  std::string host_;
  Connector::Done done_;
  HubCheck check_;
  Tcp::resolver resolver_;
  boost::asio::steady_timer timer_;  // of resolving and of TCP; the later steps have their own
  std::chrono::steady_clock::time_point deadline_;
  std::vector<Tcp::endpoint> addresses_;
  std::size_t next_ = 0;
  std::string target_;  // what is being tried, for people
  std::string problem_;
  std::unique_ptr<Tcp::socket> socket_;
  std::shared_ptr<Tunnel> tunnel_;
  std::shared_ptr<Handshake> handshake_;
  std::shared_ptr<WebSocket> webSocket_;
};

}  // namespace spheregate::tls
