#include "hubsim/on_behalf.hpp"

#include <vector>

#include "hubsim/client_id.hpp"
#include "hubsim/limits.hpp"
#include "spheregate/hub/username.hpp"

namespace spheregate::hubsim {
namespace {

const DeviceIdentity* enabledEdge(const Registry& registry, const std::string& id) {
  const auto found = registry.devices.find(id);
  return found != registry.devices.end() && found->second.edge && found->second.enabled ? &found->second : nullptr;
}

std::vector<std::string> splitChain(std::string_view chain) {
  std::vector<std::string> ids;
  for (;;) {
    const std::size_t end = chain.find(';');
    ids.emplace_back(chain.substr(0, end));
    if (end == std::string_view::npos) return ids;
    chain.remove_prefix(end + 1);
  }
}

// Target first, acting edge last, each element directly below the next; a module is below its own device.
bool validChain(const std::vector<std::string>& chain, const std::string& edge, const std::string& client,
                const Registry& registry) {
  const std::size_t modules = isModule(client) ? 1 : 0;
  if (chain.size() < 2 || chain.size() > kAuthChainMax + modules || chain.front() != client || chain.back() != edge) return false;
  if (modules > 0 && chain[1] != deviceOf(client)) return false;
  const DeviceIdentity* below = &registry.devices.at(deviceOf(client));
  for (std::size_t i = 1 + modules; i < chain.size(); ++i) {
    const DeviceIdentity* above = enabledEdge(registry, chain[i]);
    if (!above || !below->childOf(*above)) return false;
    below = above;
  }
  return true;
}

}  // namespace

std::optional<std::string> actingEdgeOf(std::string_view audience, const Registry& registry) {
  constexpr std::string_view kDevices = "/devices/";
  constexpr std::string_view kModule = "/modules/$edgeHub";
  const std::size_t slash = audience.find('/');
  if (slash == std::string_view::npos || !registry.namesThisHub(audience.substr(0, slash))) return std::nullopt;
  audience.remove_prefix(slash);
  if (!audience.starts_with(kDevices) || !audience.ends_with(kModule)) return std::nullopt;
  if (audience.size() <= kDevices.size() + kModule.size()) return std::nullopt;
  const std::string_view edge = audience.substr(kDevices.size(), audience.size() - kDevices.size() - kModule.size());
  if (edge.find('/') != std::string_view::npos) return std::nullopt;
  return std::string{edge};
}

std::optional<Refusal> refusesOnBehalf(const hub::SasToken& token, const std::string& edge, const std::string& client,
                                       std::string_view usernameQuery, const Registry& registry, bool requireAuthChain) {
  const DeviceIdentity* acting = enabledEdge(registry, edge);
  if (!acting || !acting->edgeHubKey) return Refusal::notAnEdge;
  if (!hub::signedBy(token, acting->edgeHubKey->key)) return Refusal::badSignature;
  const auto target = registry.devices.find(deviceOf(client));
  if (target == registry.devices.end()) return Refusal::outOfScope;

  const auto chain = hub::queryValue(usernameQuery, "auth-chain");
  if (chain) return validChain(splitChain(*chain), edge, client, registry) ? std::nullopt : std::optional{Refusal::badAuthChain};
  const bool itself = edgeHubOf(edge) == client;
  // A chain whose escapes are broken is not an absent one.
  if ((requireAuthChain && !itself) || usernameQuery.find("auth-chain") != std::string_view::npos) return Refusal::badAuthChain;
  if (!itself && !target->second.childOf(*acting)) return Refusal::outOfScope;
  return std::nullopt;
}

}  // namespace spheregate::hubsim
