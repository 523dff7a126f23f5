#include "hub_logins.hpp"

#include <functional>
#include <utility>

#include "startup_error.hpp"

namespace spheregate::app {
namespace {

constexpr std::uint16_t kMqttPort = 8883;

provisioning::Settings settingsOf(const config::Config& config) {
  const upstream::AuthSettings& auth = config.upstream.auth;
  provisioning::Settings settings;
  settings.address.host = auth.endpoint.host;
  settings.address.port = auth.endpoint.port != 0 ? auth.endpoint.port : kMqttPort;
  settings.address.ca = config.connector.ca;
  settings.idScope = auth.idScope;
  settings.registrationsPerMinute = auth.registrationsPerMinute;
  return settings;
}

}  // namespace

HubLogins::HubLogins(const config::Config& config, EventLoop& loop, state::Store& store, std::mt19937_64& random, metrics::Registry& metrics)
    : settings_{settingsOf(config)} {
  const upstream::AuthSettings& auth = config.upstream.auth;
  if (auth.type != upstream::AuthType::dpsGroup) {
    auto made = upstream::loadCredentials(auth, config.upstream.hub);
    if (!made) throw StartupError{made.error()};
    credentials_ = std::move(*made);
    return;
  }
  clients_ = upstream::makePahoClients([&loop](std::function<void()> job) { loop.post(std::move(job)); });
  const provisioning::Parts parts{
      .settings = settings_, .clients = *clients_, .store = store, .timers = loop.timers(), .random = random, .metrics = metrics};
  auto made = provisioning::loadGroupCredentials(auth, config.upstream.hub, parts);
  if (!made) throw StartupError{made.error()};
  assigner_ = &(*made)->assigner();
  credentials_ = std::move(*made);
}

}  // namespace spheregate::app
