#pragma once

#include <string>

#include "spheregate/base/clock.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/provisioning/assigner.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/front.hpp"
#include "spheregate/relay/uplink.hpp"

namespace spheregate::app {

struct StatusParts {
  const queue::Custody& custody;
  const relay::Front& front;
  const relay::Uplink& uplink;
  const identity::Admission& admission;
  const provisioning::Assigner* assigner;  // null when no provisioning service is asked
  const base::Clock& clock;
  std::string hub;
};

// The JSON of `/status`: uplink, queue with its books, tenant CAs, and every device.
std::string statusJson(const StatusParts& parts);

}  // namespace spheregate::app
