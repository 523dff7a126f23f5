#include "status.hpp"

#include <nlohmann/json.hpp>

#include "trust_status.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

json ledgerJson(const queue::Ledger& ledger, std::uint64_t queued) {
  return {{"accepted", ledger.accepted}, {"delivered", ledger.delivered},           {"queued", queued},
          {"expired", ledger.expired},   {"dropped", ledger.dropped}, {"dead_lettered", ledger.deadLettered}};
}

json deviceJson(const relay::DeviceView& device, base::WallTime now) {
  json entry{{"id", device.id},
             {"connected", device.connected},
             {"peer", device.peer},
             {"unacknowledged", device.unacknowledged},
             {"link", {{"state", upstream::label(device.link.state)}, {"inflight", device.link.inflight}}},
             {"queue", ledgerJson(device.queue.ledger, device.queue.messages)}};
  entry["queue"]["bytes"] = device.queue.bytes;
  if (!device.link.lastError.empty()) entry["link"]["last_error"] = device.link.lastError;
  if (device.queue.oldest) entry["queue"]["oldest_age_seconds"] = std::chrono::duration<double>(now - *device.queue.oldest).count();
  return entry;
}

json provisioningJson(const provisioning::Assigner& assigner) {
  json entry{{"assigned", assigner.known()}, {"waiting", assigner.registrar().waiting()}, {"running", assigner.registrar().running()}};
  if (!assigner.registrar().trouble().empty()) entry["last_error"] = assigner.registrar().trouble();
  return entry;
}

}  // namespace

std::string statusJson(const StatusParts& parts) {
  json status;
  status["ready"] = parts.custody.isOpen();
  status["hub"] = parts.hub;
  status["uplink"] = {{"connected", parts.uplink.linksUp() > 0},
                      {"sessions", parts.uplink.linksUp()},
                      {"condition", upstream::label(parts.condition)}};
  if (parts.assigner) status["provisioning"] = provisioningJson(*parts.assigner);
  status["queue"] = ledgerJson(parts.custody.totals(), parts.custody.queuedMessages());
  status["queue"]["disk_bytes"] = parts.custody.diskBytes();
  if (!parts.custody.isOpen()) status["queue"]["closed"] = parts.custody.closedReason();
  status["state"]["usable"] = parts.state.usable();
  if (!parts.state.usable()) status["state"]["fault"] = parts.state.fault();
  status.update(trustJson(parts.admission));
  status["devices_connected"] = parts.front.devicesConnected();
  status["devices"] = json::array();
  const base::WallTime now = parts.clock.wall();
  for (const relay::DeviceView& device : parts.front.devices()) status["devices"].push_back(deviceJson(device, now));
  // Ids are ASCII, but an error text may quote what a peer sent.
  return status.dump(2, ' ', false, json::error_handler_t::replace);
}

}  // namespace spheregate::app
