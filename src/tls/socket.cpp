#include "socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
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

bool holdsUnread(const Socket& socket) {
  int unread = 0;
  return ::ioctl(socket.descriptor(), FIONREAD, &unread) == 0 && unread > 0;
}

void closeHard(Socket socket) {
  const linger atOnce{.l_onoff = 1, .l_linger = 0};
  (void)::setsockopt(socket.descriptor(), SOL_SOCKET, SO_LINGER, &atOnce, sizeof atOnce);
}

std::string textOf(const boost::asio::ip::tcp::endpoint& endpoint) {
  const std::string address = endpoint.address().to_string();
  const std::string port = std::to_string(endpoint.port());
  return endpoint.address().is_v6() ? "[" + address + "]:" + port : address + ":" + port;
}

}  // namespace spheregate::tls
