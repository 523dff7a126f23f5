#include "status.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "spheregate/app/version.hpp"
#include "trust_status.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

json ledgerJson(const queue::Ledger& ledger, std::uint64_t queued) {
  return {{"accepted", ledger.accepted}, {"delivered", ledger.delivered},           {"queued", queued},
          {"expired", ledger.expired},   {"dropped", ledger.dropped}, {"dead_lettered", ledger.deadLettered}};
}

json provisioningJson(const provisioning::Assigner& assigner) {
  json entry{{"assigned", assigner.known()}, {"waiting", assigner.registrar().waiting()}, {"running", assigner.registrar().running()}};
  if (!assigner.registrar().trouble().empty()) entry["last_error"] = assigner.registrar().trouble();
  return entry;
}

json reloadJson(const Reloading::State& state) {
  json entry{{"last_reload", state.good ? "ok" : "error"},
             {"in_force_since", std::chrono::system_clock::to_time_t(state.at)},
             {"restart_needed", state.restartNeeded}};
  if (!state.good) entry["problem"] = state.problem;
  return entry;
}

}  // namespace

std::string statusJson(const StatusParts& parts) {
  json status;
  status["ready"] = parts.fleet.custody.isOpen();
  status["version"] = kVersion;
  status["hub"] = parts.hub;
  status["listening"] = {{"address", parts.listener.address()}, {"port", parts.listener.port()}};
  status["uplink"] = {{"connected", parts.uplink.linksUp() > 0},
                      {"sessions", parts.uplink.linksUp()},
                      {"condition", upstream::label(parts.condition)}};
  if (parts.assigner) status["provisioning"] = provisioningJson(*parts.assigner);
  status["queue"] = ledgerJson(parts.fleet.custody.totals(), parts.fleet.custody.queuedMessages());
  status["queue"]["disk_bytes"] = parts.fleet.custody.diskBytes();
  if (!parts.fleet.custody.isOpen()) status["queue"]["closed"] = parts.fleet.custody.closedReason();
  status["state"]["usable"] = parts.state.usable();
  if (!parts.state.usable()) status["state"]["fault"] = parts.state.fault();
  status.update(trustJson(parts.admission, parts.fleet.front.devicesByCa()));
  status["configuration"] = reloadJson(parts.reloading.state());
  status["devices_connected"] = parts.fleet.front.devicesConnected();
  status["devices_total"] = parts.fleet.custody.deviceCount();
  status["devices"] = json::array();
  const std::size_t shown = std::min(parts.fleet.custody.deviceCount(), kStatusDevicesMax);
  for (std::size_t number = 0; number < shown; ++number) {
    status["devices"].push_back(deviceJson(parts.fleet, parts.fleet.custody.id(static_cast<queue::DeviceKey>(number))));
  }
  status["refusals"] = refusalsJson(parts.fleet, parts.fleet.refusals.recent(kStatusRefusalsMax));
  // Ids are ASCII, but an error text may quote what a peer sent.
  return status.dump(2, ' ', false, json::error_handler_t::replace);
}

}  // namespace spheregate::app
