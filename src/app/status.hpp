#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "calendar.hpp"
#include "device_report.hpp"
#include "reloading.hpp"
#include "spheregate/history/rates.hpp"
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
  std::string hostname;           // that devices dial
  base::MonoTime started;
  std::uint64_t queueBytesMax;
  const std::vector<Dated>& dates;  // of all that comes to an end
  history::Rates::PerSecond rates;
};

// Beyond these `/status` says how many there are, and the admin socket has the rest.
inline constexpr std::size_t kStatusDevicesMax = 500;
inline constexpr std::size_t kStatusRefusalsMax = 100;

// The gateway as a whole: uplink, queue with its books, tenant CAs, certificates, configuration, how many devices. What it costs does not grow
// with the fleet.
nlohmann::json summaryJson(const StatusParts& parts);
// The JSON of `/status`: that, devices, and who was refused lately.
std::string statusJson(const StatusParts& parts);

}  // namespace spheregate::app
