#include "paho_options.hpp"

#include <algorithm>
#include <string_view>

#include "spheregate/base/bytes.hpp"

namespace spheregate::upstream {
namespace {

constexpr std::string_view kScheme = "http://";

// Paho takes name and password of a proxy from its address, and decodes percent-encoding there. A scheme would go into the name.
std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char each : text) {
    const auto byte = static_cast<unsigned char>(each);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z');
    if (plain) {
      out += each;
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

std::string proxyPlace(const ControlAddress& address) {
  std::string_view place = address.proxy;
  if (place.starts_with(kScheme)) place.remove_prefix(kScheme.size());
  if (place.ends_with('/')) place.remove_suffix(1);
  std::string out;
  if (!address.proxyUser.empty()) out = escaped(address.proxyUser) + ":" + escaped(address.proxyPassword) + "@";
  return out.append(place);
}

mqtt::ssl_options trust(const ControlAddress& address, const ControlLogin& login) {
  mqtt::ssl_options tls;
  if (!address.ca.empty()) tls.set_trust_store(address.ca.string());
  if (!login.certificate.empty()) {
    tls.set_key_store(login.certificate.string());
    tls.set_private_key(login.privateKey.string());
  }
  tls.set_enable_server_cert_auth(true);
  tls.set_verify(true);
  // Paho lowers OpenSSL's security level to 1; the list puts Debian's back.
  tls.set_enabled_cipher_suites("DEFAULT@SECLEVEL=2");
  return tls;
}

}  // namespace

std::string pahoUri(const ControlAddress& address) {
  const bool bare = address.host.find(':') != std::string::npos;  // an IPv6 address
  const std::string place = (bare ? "[" + address.host + "]" : address.host) + ":" + std::to_string(address.port);
  return address.websocket ? "wss://" + place + address.path : "ssl://" + place;
}

mqtt::connect_options pahoOptions(const ControlAddress& address, const ControlLogin& login, std::chrono::seconds keepAlive,
                                  std::chrono::milliseconds patience) {
  mqtt::connect_options options;
  // By default a refused 3.1.1 CONNECT is followed by one of 3.1.
  options.set_mqtt_version(MQTTVERSION_3_1_1);
  options.set_clean_session(true);
  options.set_automatic_reconnect(false);
  options.set_keep_alive_interval(static_cast<int>(keepAlive.count()));
  options.set_connect_timeout(static_cast<int>(std::max(std::chrono::ceil<std::chrono::seconds>(patience), std::chrono::seconds{1}).count()));
  options.set_user_name(login.username);
  if (!login.password.empty()) {
    const auto view = base::asBytes(login.password);
    options.set_password(mqtt::binary_ref{reinterpret_cast<const char*>(view.data()), view.size()});
  }
  if (!address.proxy.empty()) options.set_https_proxy(proxyPlace(address));
  options.set_ssl(trust(address, login));
  return options;
}

}  // namespace spheregate::upstream
