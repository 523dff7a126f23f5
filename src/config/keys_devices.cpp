#include "key_builders.hpp"

#include <chrono>
#include <string_view>

namespace spheregate::config {
namespace {

constexpr std::uint64_t kKiB = 1u << 10;
constexpr std::uint64_t kPortMax = 65535;
// IoT Hub refuses larger ones.
constexpr std::uint64_t kMessageBytesMax = 256 * kKiB;

// A key of the design that this version knows only switched off: any other value would do nothing.
Key fixed(std::string path, std::string value, std::string other = {}) {
  Key made;
  made.path = std::move(path);
  made.words = "only " + value;
  const auto bare = [](std::string_view text) { return text == "\"\"" ? std::string{} : std::string{text}; };
  made.read = [value = bare(value), other, words = made.words](const std::string& text, Config&) -> std::optional<Complaint> {
    if (text == value || (!other.empty() && text == other)) return std::nullopt;
    return Complaint{quote(text) + " is not in this version", "remove the key; this version takes " + words};
  };
  made.write = [value](const Config&) { return value; };
  return made;
}

}  // namespace

void addDeviceKeys(std::vector<Key>& all) {
  all.push_back(required(key(
      "hostname", hostName(Dot::needed), [](auto& c) -> auto& { return c.hostname; })));
  all.push_back(key(
      "listen.address", ipAddress(), [](auto& c) -> auto& { return c.listener.address; }));
  all.push_back(key(
      "listen.port", whole(0, kPortMax), [](auto& c) -> auto& { return c.listener.port; }));
  all.push_back(required(key(
      "tls.certificate", file(), [](auto& c) -> auto& { return c.listener.certificate; })));
  all.push_back(required(key(
      "tls.private_key", serverKey(), [](auto& c) -> auto& { return c.listener.privateKey; })));
  all.push_back(key(
      "tls.min_version", choice<tls::MinVersion>({{"1.2", tls::MinVersion::tls12}, {"1.3", tls::MinVersion::tls13}}),
      [](auto& c) -> auto& { return c.listener.minVersion; }));
  all.push_back(required(key(
      "devices.tenant_ca", file(), [](auto& c) -> auto& { return c.identity.tenantCa; })));
  all.push_back(key(
      "devices.tenant_id", optionalGuid(), [](auto& c) -> auto& { return c.identity.tenantId; }));
  all.push_back(key(
      "devices.identity", choice<identity::NameRule>({{"sphere", identity::NameRule::sphere}, {"any", identity::NameRule::any}}),
      [](auto& c) -> auto& { return c.identity.nameRule; }));
  all.push_back(key(
      "devices.deny_file", optionalFile(), [](auto& c) -> auto& { return c.identity.denyFile; }));
  all.push_back(key(
      "devices.allow_file", optionalFile(), [](auto& c) -> auto& { return c.identity.allowFile; }));
  all.push_back(fixed("devices.expired_grace", "0h", "0"));
  all.push_back(key(
      "devices.max_connections", whole(1, 1'000'000), [](auto& c) -> auto& { return c.listener.connectionsMax; }));
  all.push_back(key(
      "devices.max_unauthenticated", whole(16, 100'000), [](auto& c) -> auto& { return c.listener.unauthenticatedMax; }));
  all.push_back(key(
      "devices.max_message_bytes", size(kKiB, kMessageBytesMax), [](auto& c) -> auto& { return c.session.messageBytesMax; }));
  all.push_back(key(
      "devices.connect_rate_per_source", rate(0, 100'000),
      [](auto& c) -> auto& { return c.listener.handshakesPerSourcePerSecond; }));
}

}  // namespace spheregate::config
