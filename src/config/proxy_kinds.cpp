#include <algorithm>
#include <string_view>
#include <utility>

#include "host_names.hpp"
#include "kinds.hpp"

namespace spheregate::config {
namespace {

constexpr std::string_view kScheme = "http://";
constexpr std::size_t kUserBytesMax = 255;

// The text is not repeated: people paste addresses with passwords here.
Reading<tls::ProxyAddress> readProxy(const std::string& text) {
  if (text.empty()) return tls::ProxyAddress{};
  const Complaint wrong{"this is not the address of a proxy", "write it as http://proxy.plant.example:3128"};
  if (text.find('@') != std::string::npos) {
    return Complaint{
        "a user and a password do not belong into the address",
        "write http://host:port here, the user into upstream.proxy_user, and the name of a file with the password into "
        "upstream.proxy_password_file"};
  }
  if (text.starts_with("https://") || text.starts_with("socks")) {
    return Complaint{"only proxies that are spoken to with plain HTTP are known",
                     "write http://host:port; what goes through the proxy is encrypted for the hub all the same"};
  }
  if (!text.starts_with(kScheme)) return wrong;
  std::string_view rest = std::string_view{text}.substr(kScheme.size());
  if (rest.ends_with('/')) rest.remove_suffix(1);
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || rest.ends_with(']')) {
    return Complaint{"the port is missing", "write http://host:port; proxies often have 3128 or 8080"};
  }
  std::string host{rest.substr(0, colon)};
  const auto port = parseWhole(std::string{rest.substr(colon + 1)});
  if (!port || *port == 0 || *port > 65535) return wrong;
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) host = host.substr(1, host.size() - 2);
  const bool good = brackets ? host.find(':') != std::string::npos && isIpAddress(host) : isHostName(host);
  if (!good) return wrong;
  return tls::ProxyAddress{.host = std::move(host), .port = static_cast<std::uint16_t>(*port)};
}

std::string writeProxy(const tls::ProxyAddress& address) {
  if (address.host.empty()) return quotedScalar("");
  const bool six = address.host.find(':') != std::string::npos;
  return quotedScalar(std::string{kScheme} + (six ? "[" + address.host + "]" : address.host) + ":" +
                      std::to_string(address.port));
}

}  // namespace

Kind<tls::ProxyAddress> proxyAddress() {
  return {.words = "`http://` with host and port, or empty", .read = readProxy, .write = writeProxy};
}

Kind<std::string> loginName(std::string passwordKey) {
  return {.words = "name of a user, or empty",
          .read = [passwordKey = std::move(passwordKey)](const std::string& text) -> Reading<std::string> {
            if (text.find(':') != std::string::npos) {
              return Complaint{"a user's name has no colon",
                               "write the name alone; the password belongs into the file that " + passwordKey + " names"};
            }
            const bool control =
                std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; });
            if (control || text.size() > kUserBytesMax) {
              return Complaint{"this is not a user's name", "write it on one line, in at most 255 bytes"};
            }
            return text;
          },
          .write = [](const std::string& text) { return quotedScalar(text); }};
}

}  // namespace spheregate::config
