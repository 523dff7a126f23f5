#include "trust_status.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

std::int64_t seconds(base::WallTime time) { return std::chrono::system_clock::to_time_t(time); }

json clockJson(const identity::ClockFloor& time) {
  return {{"behind", time.behind()},
          {"machine", seconds(time.machine())},
          {"not_before", seconds(time.floor())},
          {"certificates_judged_by", seconds(time.wall())}};
}

json crlJson(const identity::Crl& crl, std::int64_t now) {
  json entry{{"file", crl.file}, {"ca_sha256", crl.caSha256}, {"ca_file", crl.caFile}, {"this_update", crl.thisUpdateSeconds}, {"entries", crl.entries}};
  if (crl.nextUpdateSeconds != 0) entry["next_update"] = crl.nextUpdateSeconds;
  entry["stale"] = crl.nextUpdateSeconds != 0 && now > crl.nextUpdateSeconds;
  return entry;
}

}  // namespace

// An old CA may go when nobody is connected with it and its devices have been seen with another.
nlohmann::json trustJson(const identity::Admission& admission, const std::map<std::string, std::size_t>& connected) {
  json trust{{"clock", clockJson(admission.time())}, {"tenant_cas", json::array()}, {"crls", json::array()}};
  for (const identity::TenantCa& ca : admission.tenantCas()) {
    const auto count = connected.find(ca.sha256);
    trust["tenant_cas"].push_back({{"file", ca.file},
                                   {"subject", ca.subject},
                                   {"tenant_id", ca.tenantId},
                                   {"sha256", ca.sha256},
                                   {"not_before", ca.notBeforeSeconds},
                                   {"not_after", ca.notAfterSeconds},
                                   {"devices_seen", ca.devicesSeen},
                                   {"connected", count == connected.end() ? 0 : count->second}});
  }
  for (const identity::Crl& crl : admission.crls()) trust["crls"].push_back(crlJson(crl, seconds(admission.time().wall())));
  return trust;
}

}  // namespace spheregate::app
