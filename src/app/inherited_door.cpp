#include "inherited_door.hpp"

#include <boost/asio/ip/address.hpp>
#include <string>

#include "required.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/ops/inherited_socket.hpp"

namespace spheregate::app {
namespace {

std::string textOf(const std::string& address, std::uint16_t port) {
  const bool six = address.find(':') != std::string::npos;
  return (six ? "[" + address + "]" : address) + ":" + std::to_string(port);
}

// An address that is none is complained of by the listener.
bool isAsWritten(const ops::InheritedSocket& socket, const tls::ListenerSettings& settings) {
  boost::system::error_code error;
  const auto address = boost::asio::ip::make_address(settings.address, error);
  return !error && socket.address.address() == address && (settings.port == 0 || socket.address.port() == settings.port);
}

}  // namespace

void inheritDoor(tls::ListenerSettings& settings) {
  const auto socket = required(ops::takeInheritedSocket());
  if (!socket) return;
  const bool asWritten = isAsWritten(*socket, settings);
  if (!asWritten && socket->origin == ops::InheritedSocket::Origin::earlierStart) return ops::abandon(*socket);
  settings.inherited = socket->descriptor;
  if (asWritten) return;
  base::logWarn("spheregate.socket listens elsewhere",
                {{"listens", textOf(socket->address.address().to_string(), socket->address.port())},
                 {"configured", textOf(settings.address, settings.port)},
                 {"consequence", "devices are accepted where spheregate.socket listens, and not where the configuration says"},
                 {"fix", "say the same in listen.address and listen.port as in ListenStream= of a drop-in (`systemctl edit "
                         "spheregate.socket`), or `systemctl disable --now spheregate.socket`; then restart both"}});
}

// Any free port is another one at each start.
void keepDoor(const tls::ListenerSettings& settings, const tls::Listener& listener, ops::Service& service) {
  if (settings.inherited < 0 && settings.port != 0) service.keep(listener.socket(), ops::kKeptDevicesSocket);
}

}  // namespace spheregate::app
