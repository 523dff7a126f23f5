#pragma once

#include <string>

#include "device_report.hpp"
#include "reloading.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/provisioning/assigner.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/state/store.hpp"
#include "spheregate/tls/listener.hpp"
#include "spheregate/upstream/weather.hpp"

namespace spheregate::app {

struct StatusParts {
  FleetParts fleet;
  const relay::Uplink& uplink;
  const tls::Listener& listener;
  const identity::Admission& admission;
  const Reloading& reloading;
  const state::Store& state;
  const provisioning::Assigner* assigner;  // null when no provisioning service is asked
  std::string hub;
  upstream::Condition condition;  // of the hub
};

// Beyond these `/status` says how many there are, and the admin socket has the rest.
inline constexpr std::size_t kStatusDevicesMax = 500;
inline constexpr std::size_t kStatusRefusalsMax = 100;

// The JSON of `/status`: uplink, queue with its books, tenant CAs, devices, and who was refused lately.
std::string statusJson(const StatusParts& parts);

}  // namespace spheregate::app
