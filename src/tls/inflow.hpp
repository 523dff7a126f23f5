#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "openssl.hpp"

namespace spheregate::tls {

// Watches what OpenSSL reads from a socket, because its own bounds are wide: it makes room for a ClientHello of 128 KiB as soon as
// one is announced, and reads on for as long as records come that carry nothing for the application.
class Inflow {
 public:
  // Of a handshake: its bytes in all, and the length that each ClientHello announces. Until the SSL's next `watch`.
  void watchHandshake(SSL& ssl);
  // Why the handshake was stopped; empty while nothing is wrong.
  std::string_view problem() const { return problem_; }

  // Of a connection: so many bytes can be read until the next `allow`; then OpenSSL is told that there are no more.
  static void watchTurns(SSL& ssl);
  static void allow(std::size_t bytes);
  static bool usedUp();

 private:
  static long onRead(BIO* socket, int operation, const char* bytes, std::size_t size, int, long, int result, std::size_t* processed);
  bool take(const std::uint8_t* bytes, std::size_t size);
  bool takeMessages(const std::uint8_t* bytes, std::size_t size);

  std::string_view problem_;
  std::size_t total_ = 0;
  // Where we are: inside a record's header or body, and of handshake records inside a message's header or body.
  std::uint8_t recordHeader_[5] = {};
  std::uint8_t messageHeader_[4] = {};
  std::uint32_t recordHeaderFilled_ = 0;
  std::uint32_t messageHeaderFilled_ = 0;
  std::uint32_t recordLeft_ = 0;
  std::uint32_t messageLeft_ = 0;
  bool readable_ = true;  // until the records are encrypted
  bool skipping_ = false;
  bool onlyHellos_ = true;
};

}  // namespace spheregate::tls
