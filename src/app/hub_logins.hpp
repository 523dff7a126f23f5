#pragma once

#include <memory>
#include <random>

#include "spheregate/app/event_loop.hpp"
#include "spheregate/config/config.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/provisioning/group_credentials.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/upstream/control_client.hpp"
#include "spheregate/upstream/credentials.hpp"

namespace spheregate::app {

// How devices log in to the hub, as `upstream.auth` says: by keys alone, or with the help of the provisioning service. Throws
// StartupError. What it is given outlives it.
class HubLogins {
 public:
  HubLogins(const config::Config& config, EventLoop& loop, state::Store& store, std::mt19937_64& random, metrics::Registry& metrics);

  upstream::Credentials& credentials() { return *credentials_; }
  // Null when no provisioning service is asked.
  const provisioning::Assigner* assigner() const { return assigner_; }

 private:
  provisioning::Settings settings_;
  std::unique_ptr<upstream::ControlClients> clients_;  // before who uses them
  std::unique_ptr<upstream::Credentials> credentials_;
  const provisioning::Assigner* assigner_ = nullptr;
};

}  // namespace spheregate::app
