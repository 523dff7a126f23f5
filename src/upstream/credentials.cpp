#include "spheregate/upstream/credentials.hpp"

#include <string>
#include <utility>

#include "device_keys.hpp"
#include "hub_policy.hpp"
#include "on_behalf_of.hpp"
#include "spheregate/upstream/key_file.hpp"

namespace spheregate::upstream {
namespace {

using Made = base::Explained<std::unique_ptr<Credentials>>;

Made loadOnBehalfOf(const AuthSettings& settings, std::string_view hub) {
  auto key = readKey(settings.moduleKeyFile);
  if (!key) return key.error();
  const auto chain = settings.sendAuthChain ? OnBehalfOf::AuthChain::sent : OnBehalfOf::AuthChain::left;
  return std::unique_ptr<Credentials>{
      std::make_unique<OnBehalfOf>(std::string{hub}, settings.edgeDeviceId, std::move(*key), chain, settings.tokenLife)};
}

Made loadHubPolicy(const AuthSettings& settings, std::string_view hub) {
  auto key = readKey(settings.keyFile);
  if (!key) return key.error();
  return std::unique_ptr<Credentials>{
      std::make_unique<HubPolicy>(std::string{hub}, settings.policyName, std::move(*key), settings.tokenLife)};
}

Made loadDeviceKeys(const AuthSettings& settings, std::string_view hub) {
  auto keys = DeviceKeys::read(settings.keysFile);
  if (!keys) return keys.error();
  return std::unique_ptr<Credentials>{
      std::make_unique<DeviceKeys>(std::string{hub}, settings.keysFile.string(), std::move(*keys), settings.tokenLife)};
}

}  // namespace

Login loginByKey(const hub::SharedAccessKey& key, std::string_view hub, std::string_view deviceId, std::string_view policy,
                 base::WallTime expires) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(expires.time_since_epoch()).count();
  std::string resource{hub};
  resource.append("/devices/").append(deviceId);
  return {.hub = std::string{hub}, .usernameTail = {}, .password = hub::makeSasToken(key, resource, seconds, policy), .expires = expires};
}

Made loadCredentials(const AuthSettings& settings, std::string_view hub) {
  switch (settings.type) {
    case AuthType::onBehalfOf: return loadOnBehalfOf(settings, hub);
    case AuthType::hubPolicy: return loadHubPolicy(settings, hub);
    case AuthType::deviceKeys: return loadDeviceKeys(settings, hub);
    case AuthType::dpsGroup: break;
    case AuthType::gatewaySas:
    case AuthType::gatewayX509: break;
  }
  return std::string{"this type of upstream.auth does not log devices in by a key"};
}

}  // namespace spheregate::upstream
