#include "keys.hpp"

#include <algorithm>
#include <chrono>
#include <string_view>
#include <utility>

#include "kinds.hpp"

namespace spheregate::config {
namespace {

using namespace std::chrono_literals;
using upstream::AuthType;

constexpr std::uint64_t kKiB = 1u << 10;
constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kGiB = 1u << 30;
constexpr auto kDay = std::chrono::milliseconds{24h};
constexpr std::uint64_t kPortMax = 65535;
// IoT Hub refuses larger ones.
constexpr std::uint64_t kMessageBytesMax = 256 * kKiB;
// IoT Hub drops a connection after one and a half times this.
constexpr auto kKeepAliveMax = std::chrono::milliseconds{1767s};
// Packet ids must stay far from wrapping around within one window.
constexpr std::uint64_t kInflightMax = 10'000;
// A hundred times what the provisioning service takes today.
constexpr std::uint64_t kRegistrationsPerMinuteMax = 20'000;
// IoT Hub sells at most 200 units of S1 and S2.
constexpr std::uint64_t kUnitsMax = 200;

template <class Field, class Value>
void assign(Field& field, Value value) {
  if constexpr (std::is_arithmetic_v<Field>) {
    field = static_cast<Field>(value);
  } else if constexpr (std::is_same_v<Field, std::chrono::seconds>) {
    field = std::chrono::duration_cast<Field>(value);
  } else {
    field = std::move(value);
  }
}

// `field` gives the place in a Config where the value lives.
template <class Value, class Field>
Key key(std::string path, Kind<Value> kind, Field field) {
  Key made;
  made.path = std::move(path);
  made.words = kind.words;
  made.read = [read = kind.read, field](const std::string& text, Config& config) -> std::optional<Complaint> {
    auto reading = read(text);
    if (auto* complaint = std::get_if<Complaint>(&reading)) return std::move(*complaint);
    assign(field(config), std::get<Value>(std::move(reading)));
    return std::nullopt;
  };
  made.write = [write = kind.write, field](const Config& config) { return write(Value{field(config)}); };
  return made;
}

Key required(Key made) {
  made.required = true;
  return made;
}

Key requiredWhen(std::function<bool(const Config&)> needed, Key made) {
  made.required = true;
  made.needed = std::move(needed);
  return made;
}

Key onlyWith(std::vector<AuthType> types, Key made) {
  made.onlyWith = std::move(types);
  return made;
}

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

// Shown as it takes effect, by the tier when it is not given.
Key connectRate() {
  Key made = key(
      "upstream.connect_rate", rate(0.1, upstream::kConnectsMax), [](auto& c) -> auto& { return c.upstream.connectsPerSecond; });
  made.write = [](const Config& config) { return realText(upstream::allowance(config.upstream).connects); };
  return made;
}

void addDevicesSide(std::vector<Key>& all) {
  all.push_back(required(key(
      "hostname", hostName(Dot::needed), [](auto& c) -> auto& { return c.hostname; })));
  all.push_back(key(
      "listen.address", ipAddress(), [](auto& c) -> auto& { return c.listener.address; }));
  all.push_back(key(
      "listen.port", whole(0, kPortMax), [](auto& c) -> auto& { return c.listener.port; }));
  all.push_back(required(key(
      "tls.certificate", file(), [](auto& c) -> auto& { return c.listener.certificate; })));
  all.push_back(required(key(
      "tls.private_key", privateKeyFile(), [](auto& c) -> auto& { return c.listener.privateKey; })));
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
      "devices.max_message_bytes", size(kKiB, kMessageBytesMax), [](auto& c) -> auto& { return c.session.messageBytesMax; }));
  all.push_back(key(
      "devices.connect_rate_per_source", rate(0, 100'000),
      [](auto& c) -> auto& { return c.listener.handshakesPerSourcePerSecond; }));
}

void addOnBehalfOf(std::vector<Key>& all) {
  const std::vector<AuthType> types{AuthType::onBehalfOf};
  all.push_back(required(onlyWith(types, key(
                                             "upstream.auth.edge_device_id", deviceId(),
                                             [](auto& c) -> auto& { return c.upstream.auth.edgeDeviceId; }))));
  all.push_back(required(onlyWith(types, key(
                                             "upstream.auth.module_key_file", secretFile(),
                                             [](auto& c) -> auto& { return c.upstream.auth.moduleKeyFile; }))));
  all.push_back(onlyWith(types, key(
                                    "upstream.auth.send_auth_chain", flag(),
                                    [](auto& c) -> auto& { return c.upstream.auth.sendAuthChain; })));
}

// Of devices, or of the gateway itself.
void addProvisioning(std::vector<Key>& all) {
  const std::vector<AuthType> types{AuthType::dpsGroup, AuthType::gatewaySas, AuthType::gatewayX509};
  const auto needsScope = [](const Config& config) {
    // An endpoint of one's own would do nothing without it.
    const bool endpoint = config.upstream.auth.endpoint.host != upstream::ProvisioningEndpoint{}.host;
    return config.upstream.auth.type == AuthType::dpsGroup || endpoint;
  };
  all.push_back(requiredWhen(needsScope, onlyWith(types, key(
                                                             "upstream.auth.id_scope", idScope(),
                                                             [](auto& c) -> auto& { return c.upstream.auth.idScope; }))));
  all.push_back(required(onlyWith({AuthType::dpsGroup},
                                  key(
                                      "upstream.auth.group_key_file", secretFile(),
                                      [](auto& c) -> auto& { return c.upstream.auth.groupKeyFile; }))));
  all.push_back(onlyWith(types, key(
                                    "upstream.auth.endpoint", hostAndPort(),
                                    [](auto& c) -> auto& { return c.upstream.auth.endpoint; })));
  all.push_back(onlyWith({AuthType::dpsGroup},
                         key(
                             "upstream.auth.registrations_per_minute", whole(1, kRegistrationsPerMinuteMax),
                             [](auto& c) -> auto& { return c.upstream.auth.registrationsPerMinute; })));
}

// Who the gateway itself is, for `mode: shared`.
void addGateway(std::vector<Key>& all) {
  all.push_back(required(onlyWith({AuthType::gatewaySas, AuthType::gatewayX509},
                                  key(
                                      "upstream.auth.device_id", deviceId(),
                                      [](auto& c) -> auto& { return c.upstream.auth.deviceId; }))));
  all.push_back(required(onlyWith({AuthType::gatewayX509},
                                  key(
                                      "upstream.auth.certificate", file(),
                                      [](auto& c) -> auto& { return c.upstream.auth.certificate; }))));
  all.push_back(required(onlyWith({AuthType::gatewayX509},
                                  key(
                                      "upstream.auth.private_key", privateKeyFile(),
                                      [](auto& c) -> auto& { return c.upstream.auth.privateKey; }))));
}

void addHubSide(std::vector<Key>& all) {
  all.push_back(requiredWhen([](const Config& config) { return !upstream::assignsHub(config.upstream.auth); },
                             key(
                                 "upstream.hub", hostName(Dot::notNeeded), [](auto& c) -> auto& { return c.upstream.hub; })));
  all.push_back(key(
      "upstream.port", whole(1, kPortMax), [](auto& c) -> auto& { return c.connector.port; }));
  all.push_back(key(
      "upstream.ca", optionalFile(), [](auto& c) -> auto& { return c.connector.ca; }));
  all.push_back(key(
      "upstream.mode", choice<upstream::Mode>({{"transparent", upstream::Mode::transparent}, {"shared", upstream::Mode::shared}}),
      [](auto& c) -> auto& { return c.upstream.mode; }));
  all.push_back(required(key(
      "upstream.auth.type",
      choice<AuthType>(
          {{"on_behalf_of", AuthType::onBehalfOf},
           {"hub_policy", AuthType::hubPolicy},
           {"device_keys", AuthType::deviceKeys},
           {"dps_group", AuthType::dpsGroup},
           {"gateway_sas", AuthType::gatewaySas},
           {"gateway_x509", AuthType::gatewayX509}}),
      [](auto& c) -> auto& { return c.upstream.auth.type; })));
  addOnBehalfOf(all);
  all.push_back(required(onlyWith({AuthType::hubPolicy},
                                  key(
                                      "upstream.auth.policy_name", policyName(),
                                      [](auto& c) -> auto& { return c.upstream.auth.policyName; }))));
  all.push_back(required(onlyWith(
      {AuthType::hubPolicy, AuthType::gatewaySas},
      key(
          "upstream.auth.key_file", secretFile(), [](auto& c) -> auto& { return c.upstream.auth.keyFile; }))));
  all.push_back(required(
      onlyWith({AuthType::deviceKeys}, key(
                                           "upstream.auth.keys_file", secretFile(),
                                           [](auto& c) -> auto& { return c.upstream.auth.keysFile; }))));
  addGateway(all);
  addProvisioning(all);
  all.push_back(key(
      "upstream.auth.token_life", duration(1min, 30 * kDay), [](auto& c) -> auto& { return c.upstream.auth.tokenLife; }));
  all.push_back(connectRate());
  all.push_back(key(
      "upstream.tier",
      choiceOrEmpty<upstream::Tier>({{"S1", upstream::Tier::s1}, {"S2", upstream::Tier::s2}, {"S3", upstream::Tier::s3}}),
      [](auto& c) -> auto& { return c.upstream.tier; }));
  all.push_back(key(
      "upstream.units", whole(1, kUnitsMax), [](auto& c) -> auto& { return c.upstream.units; }));
  all.push_back(key(
      "upstream.inflight_per_device", whole(1, kInflightMax), [](auto& c) -> auto& { return c.upstream.inflightPerDevice; }));
  all.push_back(key(
      "upstream.ack_timeout", duration(100ms, 1h), [](auto& c) -> auto& { return c.upstream.ackTimeout; }));
  all.push_back(key(
      "upstream.keep_alive", duration(5s, kKeepAliveMax), [](auto& c) -> auto& { return c.upstream.keepAlive; }));
  all.push_back(key(
      "upstream.transport", choice<tls::Transport>({{"mqtt", tls::Transport::mqtt}, {"websocket", tls::Transport::webSocket}}),
      [](auto& c) -> auto& { return c.connector.transport; }));
  all.push_back(key(
      "upstream.proxy", proxyAddress(), [](auto& c) -> auto& { return c.connector.proxy.address; }));
  all.push_back(key(
      "upstream.proxy_user", proxyUser(), [](auto& c) -> auto& { return c.connector.proxy.user; }));
  all.push_back(key(
      "upstream.proxy_password_file", optionalSecretFile(),
      [](auto& c) -> auto& { return c.connector.proxy.passwordFile; }));
}

void addKeeping(std::vector<Key>& all) {
  all.push_back(key(
      "queue.path", file(), [](auto& c) -> auto& { return c.queue.path; }));
  all.push_back(key(
      "queue.max_bytes", size(kMiB, 65536 * kGiB), [](auto& c) -> auto& { return c.queue.bytesMax; }));
  all.push_back(key(
      "queue.message_ttl", duration(1s, 3650 * kDay, Zero::allowed), [](auto& c) -> auto& { return c.queue.messageTtl; }));
  all.push_back(key(
      "queue.when_full",
      choice<queue::WhenFull>({{"hold", queue::WhenFull::hold},
                               {"drop_oldest", queue::WhenFull::dropOldest},
                               {"drop_newest", queue::WhenFull::dropNewest}}),
      [](auto& c) -> auto& { return c.queue.whenFull; }));
  all.push_back(key(
      "queue.commit_after", duration(1ms, 1h, Zero::allowed), [](auto& c) -> auto& { return c.queue.commitAfter; }));
  all.push_back(key(
      "queue.drain_rate", rate(0, 1'000'000), [](auto& c) -> auto& { return c.upstream.drainPerSecond; }));
  all.push_back(key(
      "queue.memory_max_bytes", size(kMiB, 1024 * kGiB), [](auto& c) -> auto& { return c.queue.memoryBytesMax; }));
  all.push_back(key(
      "http.listen", addressAndPort(), [](auto& c) -> auto& { return c.http; }));
  all.push_back(key(
      "log.level",
      choice<base::LogLevel>({{"debug", base::LogLevel::debug},
                              {"info", base::LogLevel::info},
                              {"warn", base::LogLevel::warn},
                              {"error", base::LogLevel::error}}),
      [](auto& c) -> auto& { return c.logLevel; }));
  all.push_back(key(
      "log.format", choice<base::LogFormat>({{"text", base::LogFormat::text}, {"json", base::LogFormat::json}}),
      [](auto& c) -> auto& { return c.logFormat; }));
}

}  // namespace

bool needs(const Config& config, const Key& key) {
  return key.required && belongs(key, config) && (!key.needed || key.needed(config));
}

bool belongs(const Key& key, const Config& config) {
  return key.onlyWith.empty() ||
         std::find(key.onlyWith.begin(), key.onlyWith.end(), config.upstream.auth.type) != key.onlyWith.end();
}

const std::vector<Key>& keys() {
  static const std::vector<Key> table = [] {
    std::vector<Key> all;
    addDevicesSide(all);
    addHubSide(all);
    addKeeping(all);
    return all;
  }();
  return table;
}

const std::vector<std::string>& laterKeys() {
  static const std::vector<std::string> names{
      "admin",
  };
  return names;
}

}  // namespace spheregate::config
