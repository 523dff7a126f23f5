#include "key_builders.hpp"

#include <chrono>

namespace spheregate::config {
namespace {

using namespace std::chrono_literals;

constexpr auto kDay = std::chrono::milliseconds{24h};
constexpr std::uint64_t kPortMax = 65535;
// IoT Hub drops a connection after one and a half times this.
constexpr auto kKeepAliveMax = std::chrono::milliseconds{1767s};
// Packet ids must stay far from wrapping around within one window.
constexpr std::uint64_t kInflightMax = 10'000;
// A hundred times what the provisioning service takes today.
constexpr std::uint64_t kRegistrationsPerMinuteMax = 20'000;
// IoT Hub sells at most 200 units of S1 and S2.
constexpr std::uint64_t kUnitsMax = 200;

using upstream::AuthType;

// Shown as it takes effect, by the tier when it is not given.
Key connectRate() {
  Key made = key(
      "upstream.connect_rate", rate(0.1, upstream::kConnectsMax), [](auto& c) -> auto& { return c.upstream.connectsPerSecond; });
  made.write = [](const Config& config) { return realText(upstream::allowance(config.upstream).connects); };
  return made;
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

}  // namespace

void addUpstreamKeys(std::vector<Key>& all) {
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
      "upstream.proxy_user", loginName("upstream.proxy_password_file"), [](auto& c) -> auto& { return c.connector.proxy.user; }));
  all.push_back(key(
      "upstream.proxy_password_file", optionalSecretFile(),
      [](auto& c) -> auto& { return c.connector.proxy.passwordFile; }));
}

}  // namespace spheregate::config
