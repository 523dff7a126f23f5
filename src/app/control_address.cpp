#include "control_address.hpp"

#include "required.hpp"
#include "spheregate/tls/proxy_password.hpp"

namespace spheregate::app {

upstream::ControlAddress controlAddress(const tls::ConnectorSettings& reach) {
  upstream::ControlAddress address;
  address.host = reach.host;
  address.port = reach.port;
  address.ca = reach.ca;
  address.websocket = reach.transport == tls::Transport::webSocket;
  if (address.websocket) address.path = "/$iothub/websocket";
  if (reach.proxy.address.host.empty()) return address;
  const bool six = reach.proxy.address.host.find(':') != std::string::npos;
  const std::string host = six ? "[" + reach.proxy.address.host + "]" : reach.proxy.address.host;
  address.proxy = "http://" + host + ":" + std::to_string(reach.proxy.address.port);
  address.proxyUser = reach.proxy.user;
  address.proxyPassword = required(tls::proxyPassword(reach.proxy));
  return address;
}

}  // namespace spheregate::app
