#include "hub_logins.hpp"

#include <functional>
#include <utility>

#include "required.hpp"
#include "spheregate/provisioning/assigned_gateway.hpp"
#include "spheregate/provisioning/group_credentials.hpp"
#include "spheregate/upstream/control_address.hpp"

namespace spheregate::app {
namespace {

provisioning::Settings settingsOf(const config::Config& config) {
  const upstream::AuthSettings& auth = config.upstream.auth;
  provisioning::Settings settings;
  settings.address = required(upstream::controlAddress(config.connector, auth.endpoint.host, auth.endpoint.port));
  settings.idScope = auth.idScope;
  settings.registrationsPerMinute = auth.registrationsPerMinute;
  return settings;
}

}  // namespace

HubLogins::HubLogins(const config::Config& config, EventLoop& loop, state::Store& store, std::mt19937_64& random, metrics::Registry& metrics)
    : config_{config}, loop_{loop}, store_{store}, random_{random}, metrics_{metrics}, provisioning_{settingsOf(config)} {
  if (config.upstream.mode == upstream::Mode::shared)
    loadGateway();
  else
    loadDevices();
}

void HubLogins::loadDevices() {
  const upstream::AuthSettings& auth = config_.upstream.auth;
  if (!upstream::assignsHub(auth)) {
    devices_ = required(upstream::loadCredentials(auth, config_.upstream.hub));
    gateway_ = required(upstream::loadGatewayIdentity(auth, config_.upstream.hub));
    return;
  }
  auto group = required(provisioning::loadGroupCredentials(auth, config_.upstream.hub, parts()));
  assigner_ = &group->assigner();
  devices_ = std::move(group);
}

void HubLogins::loadGateway() {
  const upstream::AuthSettings& auth = config_.upstream.auth;
  if (!upstream::assignsHub(auth)) {
    gateway_ = required(upstream::loadGatewayIdentity(auth, config_.upstream.hub));
    return;
  }
  auto gateway = required(provisioning::loadAssignedGateway(auth, config_.upstream.hub, parts()));
  assigner_ = &gateway->assigner();
  gateway_ = std::move(gateway);
}

provisioning::Parts HubLogins::parts() {
  return {.settings = provisioning_, .clients = clients(), .store = store_, .timers = loop_.timers(), .random = random_, .metrics = metrics_};
}

upstream::ControlClients& HubLogins::clients() {
  if (!clients_) clients_ = upstream::makePahoClients([&loop = loop_](std::function<void()> job) { loop.post(std::move(job)); });
  return *clients_;
}

}  // namespace spheregate::app
