#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <unordered_map>

#include "buckets.hpp"
#include "handshake.hpp"
#include "introduction.hpp"
#include "lobby.hpp"
#include "own_certificate.hpp"
#include "refusal.hpp"
#include "refusal_log.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/tls/listener.hpp"

namespace spheregate::tls {

// Takes accepted sockets, lets through those whose handshake ends well and whose certificate the judge accepts, and accounts for
// everyone else. Core thread only.
class Reception : public std::enable_shared_from_this<Reception> {
 public:
  Reception(boost::asio::io_context& loop, const ListenerSettings& settings, const base::Clock& clock, metrics::Registry& metrics,
            const OwnCertificate& certificate, SslContext context, Judge judge, Listener::Welcome welcome, RefusalSink refused);
  ~Reception();
  Reception(const Reception&) = delete;
  Reception& operator=(const Reception&) = delete;

  // Whether there is room for one more, or whoever comes is to be told that there is none.
  bool ready() { return lobby_->room() != Lobby::Room::later; }
  void receive(Socket socket, const boost::asio::ip::tcp::endpoint& peer);
  // For handshakes that begin from now on.
  void renew(SslContext context);
  // Drops the handshakes in progress.
  void stop() { newcomers_.clear(); }

 private:
  struct Newcomer {
    std::shared_ptr<Handshake> handshake;
    std::string peer;
    std::string source;
    std::shared_ptr<Seat> seat;
    std::shared_ptr<const Verdict> verdict;
    Introduction introduction;
  };
  static int judgeLeaf(X509_STORE_CTX* store, void* reception) noexcept;

  bool shutFor(const std::string& source, const boost::asio::ip::tcp::endpoint& peer);
  void begin(Socket socket, std::string peer, std::string source, std::shared_ptr<Seat> seat);
  Refusal whyNot(const Newcomer& newcomer, Handshake::Ending ending, const Outcome& outcome) const;
  void ended(Handshake& handshake, Handshake::Ending ending, const Outcome& outcome);
  void welcome(Newcomer newcomer);
  void turnAway(Newcomer newcomer, Handshake::Ending ending, const Outcome& outcome);
  void leftUnheard(const Newcomer& newcomer, const Outcome& outcome, SSL& ssl);
  Situation situation(const Newcomer& newcomer, SSL& ssl) const;
  void account(const std::string& peer, const std::string& source, const Refusal& refusal, const Verdict* verdict,
               const Introduction* introduction = nullptr);
  void count(const char* result);

  boost::asio::io_context& loop_;
  ListenerSettings settings_;
  const base::Clock& clock_;
  metrics::Registry& metrics_;
  const OwnCertificate& certificate_;
  SslContext context_;
  Judge judge_;
  Listener::Welcome welcome_;
  RefusalSink refused_;
  Buckets rates_;
  metrics::Counter& backedOff_;
  RefusalLog log_;
  std::shared_ptr<Lobby> lobby_;
  std::unordered_map<Handshake*, Newcomer> newcomers_;
};

}  // namespace spheregate::tls
