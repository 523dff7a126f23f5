#include "status.hpp"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "iso_time.hpp"
#include "json_answer.hpp"
#include "queue_report.hpp"
#include "spheregate/app/version.hpp"
#include "trust_status.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

constexpr std::int64_t kDay = 24 * 3600;

// More digits would say nothing.
double tenths(double number) { return std::round(number * 10) / 10; }

json queueJson(const queue::Custody& custody, std::uint64_t bytesMax) {
  json entry = ledgerJson(custody.totals(), custody.queuedMessages());
  entry["bytes"] = custody.queuedBytes();
  entry["oldest_age_seconds"] = tenths(custody.oldestAgeSeconds().value_or(0));
  entry["disk_bytes"] = custody.diskBytes();
  entry["limit_bytes"] = bytesMax;
  if (!custody.isOpen()) entry["closed"] = custody.closedReason();
  return entry;
}

json uplinkJson(const relay::Uplink& uplink, upstream::Condition condition, const base::Clock& clock) {
  json entry{{"connected", uplink.linksUp() > 0},
             {"since", iso8601(onCalendar(uplink.since(), clock))},
             {"sessions", uplink.linksUp()},
             {"condition", upstream::label(condition)}};
  if (!uplink.lastError().empty()) entry["last_error"] = uplink.lastError();
  return entry;
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

// Whatever is over has less than no day left.
json certificatesJson(const std::vector<Dated>& dates, base::WallTime now) {
  const std::int64_t today = std::chrono::system_clock::to_time_t(now);
  json all = json::array();
  for (const Dated& entry : dates) {
    const std::int64_t left = entry.endsSeconds - today;
    all.push_back({{"name", entry.what + " " + entry.name},
                   {"file", entry.file},
                   {"expires", iso8601(base::WallTime{std::chrono::seconds{entry.endsSeconds}})},
                   {"days_left", left / kDay - (left % kDay < 0 ? 1 : 0)},
                   {"fix", entry.fix}});
  }
  return all;
}

}  // namespace

json summaryJson(const StatusParts& parts) {
  const base::Clock& clock = parts.fleet.clock;
  json status;
  status["ready"] = parts.fleet.custody.isOpen();
  status["version"] = kVersion;
  status["hostname"] = parts.hostname;
  status["started"] = iso8601(onCalendar(parts.started, clock));
  status["hub"] = parts.hub;
  status["listening"] = {{"address", parts.listener.address()}, {"port", parts.listener.port()}};
  status["uplink"] = uplinkJson(parts.uplink, parts.condition, clock);
  if (parts.assigner) status["provisioning"] = provisioningJson(*parts.assigner);
  status["queue"] = queueJson(parts.fleet.custody, parts.queueBytesMax);
  status["rates"] = {{"accepted_per_second", tenths(parts.rates.accepted)}, {"delivered_per_second", tenths(parts.rates.delivered)}};
  status["state"]["usable"] = parts.state.usable();
  if (!parts.state.usable()) status["state"]["fault"] = parts.state.fault();
  status.update(trustJson(parts.admission, parts.fleet.front.devicesByCa()));
  status["certificates"] = certificatesJson(parts.dates, clock.wall());
  status["configuration"] = reloadJson(parts.reloading.state());
  status["devices_connected"] = parts.fleet.front.devicesConnected();
  status["devices_total"] = parts.fleet.custody.deviceCount();
  return status;
}

std::string statusJson(const StatusParts& parts) {
  json status = summaryJson(parts);
  status["devices"] = json::array();
  const std::size_t shown = std::min(parts.fleet.custody.deviceCount(), kStatusDevicesMax);
  for (std::size_t number = 0; number < shown; ++number) {
    status["devices"].push_back(deviceJson(parts.fleet, parts.fleet.custody.id(static_cast<queue::DeviceKey>(number))));
  }
  status["refusals"] = refusalsJson(parts.fleet, parts.fleet.refusals.recent(kStatusRefusalsMax));
  return jsonText(status);
}

}  // namespace spheregate::app
