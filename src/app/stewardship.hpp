#pragma once

#include <memory>

#include "log_control.hpp"
#include "spheregate/base/timers.hpp"
#include "spheregate/config/config.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/front.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/steward/steward.hpp"

namespace spheregate::app {

// What the steward reports of and may touch; all of it outlives the steward.
struct StewardParts {
  const config::Config& config;
  upstream::GatewayLink& gateway;
  state::Store& store;
  base::Timers& timers;
  identity::Admission& admission;
  queue::Custody& custody;
  relay::Uplink& uplink;
  relay::Front& front;
  LogControl& log;
};

// What the configuration says of what can be wished otherwise.
steward::Configured configuredBy(const config::Config& config);

std::unique_ptr<steward::Steward> makeSteward(const StewardParts& parts);

}  // namespace spheregate::app
