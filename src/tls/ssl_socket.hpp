#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/system/error_code.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "connection.hpp"
#include "openssl.hpp"
#include "poller.hpp"
#include "socket.hpp"
#include "spheregate/base/bytes.hpp"

namespace spheregate::tls {

// One established TLS connection for those who wait for each piece, as libraries over Asio do: at most one read and one write at
// a time. Like Connection it lets OpenSSL work on the socket itself and holds no buffer while it waits to read. Core thread only.
class SslSocket final : public Poller::Watcher, public std::enable_shared_from_this<SslSocket> {
 public:
  // Runs once, on the loop, never inside `read` or `write`, and not after `shut`.
  using Done = std::function<void(const boost::system::error_code&, std::size_t)>;

  SslSocket(boost::asio::io_context& loop, Established established);
  ~SslSocket();

  // Some bytes into `room`, which must live until `done`.
  void read(std::span<std::uint8_t> room, Done done);
  // Some of the bytes, which are copied when they cannot leave at once.
  void write(base::ByteView bytes, Done done);
  // The end, and the peer shall know it (close_notify).
  void sayGoodbye();
  // The end at once.
  void shut();

  // From here on what is read is also kept, and it is an error to read more than so much. Until `forget`.
  void keep(std::size_t bytesMax);
  void forget();
  std::string_view kept() const { return kept_; }

  boost::asio::io_context& loop() const { return loop_; }
  std::string_view peer() const { return peer_; }
  // What went wrong with TLS or the network, in words; empty while nothing has.
  std::string_view problem() const { return problem_; }

 private:
  void ready(std::uint32_t events) override;
  void tryRead();
  void tryWrite();
  bool take(std::size_t size);
  boost::system::error_code failure(const Outcome& outcome);
  void complete(Done& slot, const boost::system::error_code& error, std::size_t size);
  void completeSoon(Done done, const boost::system::error_code& error, std::size_t size);
  void watch(std::uint32_t events);

  boost::asio::io_context& loop_;
  Poller& poller_;
  Socket socket_;
  Ssl ssl_;
  std::string peer_;
  std::string problem_;
  std::span<std::uint8_t> room_;
  Done reading_;
  base::Bytes unsent_;
  Done writing_;
  std::string kept_;
  std::size_t keptMax_ = 0;  // 0: nothing is kept
  std::uint32_t watched_ = 0;
};

}  // namespace spheregate::tls
