#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <string>
#include <utility>

namespace spheregate::tls {

// Owns one non-blocking TCP socket. Asio's own socket keeps a reactor entry, a mutex and two queues for each, which ten thousand
// devices would pay for; Poller does without.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int descriptor) : descriptor_{descriptor} {}
  Socket(Socket&& other) noexcept : descriptor_{std::exchange(other.descriptor_, -1)} {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
  }
  ~Socket();

  explicit operator bool() const { return descriptor_ >= 0; }
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

// Small packets leave at once, and a peer that vanished without a word is noticed within some minutes.
void tune(const Socket& socket);

// Whether the peer has sent something that nobody has read.
bool holdsUnread(const Socket& socket);

// Closing it now tells the peer at once and leaves nothing behind in the system.
void closeHard(Socket socket);

// `address:port`, brackets around IPv6.
std::string textOf(const boost::asio::ip::tcp::endpoint& endpoint);

}  // namespace spheregate::tls
