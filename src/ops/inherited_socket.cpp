#include "spheregate/ops/inherited_socket.hpp"

#include <netinet/in.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

namespace spheregate::ops {
namespace {

using Taken = std::optional<InheritedSocket>;

constexpr const char* kFix =
    "; spheregate.socket needs FileDescriptorName=devices, one ListenStream= with an address and a port, and Accept=no (`systemctl cat "
    "spheregate.socket`)";

// In the order of their descriptors, which begin at SD_LISTEN_FDS_START.
base::Explained<std::vector<std::string>> namesOfInherited() {
  using Names = std::vector<std::string>;
  char** names = nullptr;
  const int count = sd_listen_fds_with_names(1, &names);
  if (count < 0) {
    return base::failed<Names>(std::string{"LISTEN_FDS makes no sense: "} + std::strerror(-count) +
                               "; start the gateway by systemd, or without that variable");
  }
  Names all;
  for (int index = 0; index < count; ++index) {
    all.emplace_back(names[index]);
    std::free(names[index]);
  }
  std::free(names);
  return all;
}

base::Explained<InheritedSocket> listening(int descriptor, const std::string& name) {
  const auto refused = [&](const std::string& what) {
    return base::failed<InheritedSocket>("the socket `" + name + "` that systemd hands over " + what + kFix);
  };
  InheritedSocket socket{.descriptor = descriptor, .origin = InheritedSocket::Origin::socketUnit, .address = {}};
  if (name == kKeptDevicesSocket) {
    socket.origin = InheritedSocket::Origin::earlierStart;
  } else if (name != kDevicesSocket) {
    return refused("is not known here; the one for devices is called `" + std::string{kDevicesSocket} + "`");
  }
  if (sd_is_socket_inet(descriptor, AF_UNSPEC, SOCK_STREAM, 1, 0) <= 0) return refused("is no TCP socket that listens");
  auto size = static_cast<socklen_t>(socket.address.capacity());
  if (::getsockname(descriptor, socket.address.data(), &size) != 0) return refused("has no address");
  socket.address.resize(size);
  return socket;
}

}  // namespace

base::Explained<Taken> takeInheritedSocket() {
  const auto names = namesOfInherited();
  if (!names) return base::failed<Taken>(names.error());
  Taken ofUnit, ofEarlier;
  for (std::size_t index = 0; index < names->size(); ++index) {
    auto socket = listening(SD_LISTEN_FDS_START + static_cast<int>(index), (*names)[index]);
    if (!socket) return base::failed<Taken>(socket.error());
    Taken& place = socket->origin == InheritedSocket::Origin::socketUnit ? ofUnit : ofEarlier;
    if (place) return base::failed<Taken>("systemd hands over several sockets `" + (*names)[index] + "`, and one can be served" + kFix);
    place = *socket;
  }
  if (ofUnit && ofEarlier) abandon(*ofEarlier);
  return ofUnit ? ofUnit : ofEarlier;
}

void abandon(const InheritedSocket& socket) {
  (void)::shutdown(socket.descriptor, SHUT_RDWR);
  ::close(socket.descriptor);
}

}  // namespace spheregate::ops
