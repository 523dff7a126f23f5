#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <string_view>

#include "openssl.hpp"
#include "socket.hpp"
#include "spheregate/base/wire.hpp"
#include "unit/tls/certificates.hpp"

namespace spheregate::tls::test {

inline constexpr std::chrono::seconds kPatience{20};

// The other end of a connection, written with plain blocking calls so that it shares nothing with what is tested. It runs beside
// the loop, on a thread of its own; every wait ends after some seconds.
class Peer {
 public:
  static Peer dial(std::uint16_t port);
  explicit Peer(Socket socket);

  struct Hello {
    int version = TLS1_3_VERSION;
    const Identity* identity = nullptr;
    const x509::CertificateHandle* trusted = nullptr;  // null: whoever it is
    const char* ciphers = nullptr;         // of TLS 1.2
    const char* groups = nullptr;
    const char* signatures = nullptr;
    const char* dials = nullptr;           // sent as SNI
    bool checksName = false;               // of whom it dials
    int finds = 0;                         // X509_V_ERR_… that it makes of whatever it is shown
  };
  // True when our side believes the handshake is done; `problem` otherwise.
  bool shakeHands(const Hello& hello);
  bool answerHandshake(const Identity& identity, int version = TLS1_3_VERSION);

  // With the client's last flight: what is said leaves in one segment with our Finished. TLS 1.3 only.
  bool shakeHandsSaying(const Hello& hello, std::string_view text);

  bool say(std::string_view text);
  // Some bytes, at most one record; empty at the end, then `problem` is empty only after a close_notify.
  std::string hear();
  std::string hearAll();
  std::string hearBytes(std::size_t size);
  void sayGoodbye();
  // As if what came were damaged: the other side hears an alert.
  void findsRecordDamaged();
  void hangUp();
  void reset();
  bool sayPlainly(std::string_view text);
  // Until the other side has closed the socket.
  bool hearsEnd();

  std::string problem;
  Ssl ssl;

 private:
  bool prepare(SSL_CTX& context, const Identity* identity);
  std::string written();

  Socket socket_;
};

// Turns the loop until the condition holds; false when it does not in time.
bool turnUntil(boost::asio::io_context& loop, const std::function<bool()>& condition);

// Turns the loop while `play` runs beside it, and gives its result.
template <class Play>
auto beside(boost::asio::io_context& loop, Play play) {
  auto result = std::async(std::launch::async, std::move(play));
  EXPECT_TRUE(turnUntil(loop, [&] { return result.wait_for(std::chrono::seconds{0}) == std::future_status::ready; }));
  return result.get();
}

}  // namespace spheregate::tls::test
