#include "socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace spheregate::tls {
namespace {

constexpr int kKeepAliveIdleSeconds = 120;
constexpr int kKeepAliveIntervalSeconds = 30;
constexpr int kKeepAliveProbes = 4;

// A socket that does not take an option works without it.
void set(int descriptor, int level, int option, int value) {
  (void)::setsockopt(descriptor, level, option, &value, sizeof value);
}

}  // namespace

Socket::~Socket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void tune(const Socket& socket) {
  set(socket.descriptor(), IPPROTO_TCP, TCP_NODELAY, 1);
  set(socket.descriptor(), SOL_SOCKET, SO_KEEPALIVE, 1);
  set(socket.descriptor(), IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleSeconds);
  set(socket.descriptor(), IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalSeconds);
  set(socket.descriptor(), IPPROTO_TCP, TCP_KEEPCNT, kKeepAliveProbes);
}

std::string textOf(const boost::asio::ip::tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

}  // namespace spheregate::tls
