#pragma once

#include <memory>
#include <random>

#include "spheregate/app/event_loop.hpp"
#include "spheregate/config/config.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/provisioning/assigner.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/upstream/control_client.hpp"
#include "spheregate/upstream/credentials.hpp"
#include "spheregate/upstream/gateway_identity.hpp"

namespace spheregate::app {

// Who logs in to the hub, as `upstream.mode` and `upstream.auth` say: each device, or the gateway itself; by what the files hold, or with
// the help of the provisioning service. Throws StartupError. What it is given outlives it.
class HubLogins {
 public:
  HubLogins(const config::Config& config, EventLoop& loop, state::Store& store, std::mt19937_64& random, metrics::Registry& metrics);

  // In transparent mode only.
  upstream::Credentials& devices() { return *devices_; }
  // Who the gateway itself is: in shared mode, and where devices are logged in on behalf of an edge device. Null otherwise.
  upstream::GatewayIdentity* gateway() { return gateway_.get(); }
  // The gateway's own MQTT clients; Paho's threads begin with the first call.
  upstream::ControlClients& clients();
  // Null when no provisioning service is asked.
  const provisioning::Assigner* assigner() const { return assigner_; }

 private:
  provisioning::Parts parts();
  void loadDevices();
  void loadGateway();

  const config::Config& config_;
  EventLoop& loop_;
  state::Store& store_;
  std::mt19937_64& random_;
  metrics::Registry& metrics_;
  provisioning::Settings provisioning_;
  std::unique_ptr<upstream::ControlClients> clients_;  // before who uses them
  std::unique_ptr<upstream::Credentials> devices_;
  std::unique_ptr<upstream::GatewayIdentity> gateway_;
  const provisioning::Assigner* assigner_ = nullptr;
};

}  // namespace spheregate::app
