#include "spheregate/upstream/control_address.hpp"

#include <utility>

#include "spheregate/tls/proxy_password.hpp"

namespace spheregate::upstream {
namespace {

// IoT Hub and the provisioning service have the same.
constexpr const char* kWebSocketPath = "/$iothub/websocket";

std::string uriOf(const tls::ProxyAddress& proxy) {
  const bool six = proxy.host.find(':') != std::string::npos;
  return "http://" + (six ? "[" + proxy.host + "]" : proxy.host) + ":" + std::to_string(proxy.port);
}

}  // namespace

base::Explained<ControlAddress> controlAddress(const tls::ConnectorSettings& way, std::string host, std::uint16_t port) {
  ControlAddress address;
  address.host = std::move(host);
  address.websocket = way.transport == tls::Transport::webSocket;
  address.port = port != 0 ? port : address.websocket ? tls::kWebSocketPort : tls::kMqttPort;
  if (address.websocket) address.path = kWebSocketPath;
  address.ca = way.ca;
  if (way.proxy.address.host.empty()) return address;
  address.proxy = uriOf(way.proxy.address);
  if (way.proxy.user.empty()) return address;
  auto password = tls::proxyPassword(way.proxy);
  if (!password) return base::failed<ControlAddress>(password.error());
  address.proxyUser = way.proxy.user;
  address.proxyPassword = std::move(*password);
  return address;
}

}  // namespace spheregate::upstream
