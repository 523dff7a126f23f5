#include "key_builders.hpp"

#include <chrono>
#include <string_view>

namespace spheregate::config {
namespace {

constexpr std::uint64_t kKiB = 1u << 10;
constexpr std::uint64_t kPortMax = 65535;
// IoT Hub refuses larger ones.
constexpr std::uint64_t kMessageBytesMax = 256 * kKiB;

constexpr std::chrono::milliseconds kGraceMax = std::chrono::hours{30 * 24};

// Only the empty map can stand here as a scalar, and only in the documentation.
Key aliasMap() {
  Key made;
  made.path = "devices.aliases";
  made.words = "map of device ids to names";
  made.isMap = true;
  made.read = [words = made.words](const std::string& text, Config&) -> std::optional<Complaint> {
    if (text.empty() || text == "{}") return std::nullopt;
    return Complaint{quote(text) + " is not a map", "write `id: name` lines under the key"};
  };
  made.write = [](const Config& config) {
    std::string out;
    for (const auto& [id, alias] : config.identity.aliases) out += (out.empty() ? "" : ", ") + quotedScalar(id) + ": " + quotedScalar(alias);
    return "{" + out + "}";
  };
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
  all.push_back(live(required(key(
      "tls.certificate", file(), [](auto& c) -> auto& { return c.listener.certificate; }))));
  all.push_back(live(required(key(
      "tls.private_key", serverKey(), [](auto& c) -> auto& { return c.listener.privateKey; }))));
  all.push_back(live(key(
      "tls.authority", optionalFile(), [](auto& c) -> auto& { return c.authority; })));
  all.push_back(key(
      "tls.min_version", choice<tls::MinVersion>({{"1.2", tls::MinVersion::tls12}, {"1.3", tls::MinVersion::tls13}}),
      [](auto& c) -> auto& { return c.listener.minVersion; }));
  all.push_back(live(required(key(
      "devices.tenant_ca", file(), [](auto& c) -> auto& { return c.identity.tenantCa; }))));
  all.push_back(live(key(
      "devices.tenant_id", optionalGuid(), [](auto& c) -> auto& { return c.identity.tenantId; })));
  all.push_back(live(key(
      "devices.identity", choice<identity::NameRule>({{"sphere", identity::NameRule::sphere}, {"any", identity::NameRule::any}}),
      [](auto& c) -> auto& { return c.identity.nameRule; })));
  all.push_back(live(key(
      "devices.deny_file", optionalFile(), [](auto& c) -> auto& { return c.identity.denyFile; })));
  all.push_back(live(key(
      "devices.allow_file", optionalFile(), [](auto& c) -> auto& { return c.identity.allowFile; })));
  all.push_back(live(aliasMap()));
  all.push_back(live(key(
      "devices.alias_file", optionalFile(), [](auto& c) -> auto& { return c.identity.aliasFile; })));
  all.push_back(live(key(
      "devices.expired_grace", duration(std::chrono::minutes{1}, kGraceMax, Zero::allowed),
      [](auto& c) -> auto& { return c.identity.expiredGrace; })));
  all.push_back(live(key(
      "devices.expired_sessions",
      choice<identity::ExpiredSession>({{"end", identity::ExpiredSession::end}, {"keep", identity::ExpiredSession::keep}}),
      [](auto& c) -> auto& { return c.identity.expiredSession; })));
  all.push_back(live(key(
      "devices.crl", optionalFile(), [](auto& c) -> auto& { return c.identity.crl; })));
  all.push_back(live(key(
      "devices.crl_policy",
      choice<identity::CrlPolicy>(
          {{"off", identity::CrlPolicy::off}, {"prefer", identity::CrlPolicy::prefer}, {"require", identity::CrlPolicy::require}}),
      [](auto& c) -> auto& { return c.identity.crlPolicy; })));
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
