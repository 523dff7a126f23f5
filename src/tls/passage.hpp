#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "handshake.hpp"
#include "openssl.hpp"
#include "spheregate/tls/connector.hpp"

namespace spheregate::tls {

// What every attempt to reach the hub shares.
struct Way {
  boost::asio::io_context& loop;
  ConnectorSettings settings;
  SslContext context;
};

// One attempt: resolves, then for each address TCP and TLS, until one is through or the time is up. An address may use its share
// of the time that is left, so that a dead first one does not cost the others theirs. Core thread only.
class Passage final : public std::enable_shared_from_this<Passage> {
 public:
  Passage(std::shared_ptr<const Way> way, std::string host, Connector::Done done);

  void start();
  // `done` does not run any more.
  void cancel();

 private:
  using Tcp = boost::asio::ip::tcp;
  using Milliseconds = std::chrono::milliseconds;

  void resolved(const boost::system::error_code& error, const Tcp::resolver::results_type& found);
  void tryNext();
  void connected(const boost::system::error_code& error);
  void shaken(Handshake::Ending ending, const Outcome& outcome);
  void missed(std::string problem);
  void arm(Milliseconds wait, std::string problem);
  void finish(base::Explained<std::unique_ptr<base::Wire>> result);
  base::Explained<Ssl> ssl() const;
  std::string handshakeProblem(const Outcome& outcome) const;
  Milliseconds timeLeft() const;

  std::shared_ptr<const Way> way_;
  std::string host_;
  Connector::Done done_;
  Tcp::resolver resolver_;
  boost::asio::steady_timer timer_;
  std::chrono::steady_clock::time_point deadline_;
  std::vector<Tcp::endpoint> addresses_;
  std::size_t next_ = 0;
  std::string target_;  // the address being tried
  std::string problem_;
  std::unique_ptr<Tcp::socket> socket_;
  std::shared_ptr<Handshake> handshake_;
};

}  // namespace spheregate::tls
