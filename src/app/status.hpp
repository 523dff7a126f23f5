#pragma once

#include <string>

#include "reloading.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/provisioning/assigner.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/front.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/upstream/weather.hpp"

namespace spheregate::app {

struct StatusParts {
  const queue::Custody& custody;
  relay::Front& front;
  const relay::Uplink& uplink;
  const identity::Admission& admission;
  const Reloading& reloading;
  const state::Store& state;
  const provisioning::Assigner* assigner;  // null when no provisioning service is asked
  const base::Clock& clock;
  std::string hub;
  upstream::Condition condition;  // of the hub
};

// The JSON of `/status`: uplink, queue with its books, tenant CAs, and every device.
std::string statusJson(const StatusParts& parts);

}  // namespace spheregate::app
