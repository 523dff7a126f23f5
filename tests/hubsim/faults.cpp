#include "hubsim/faults.hpp"

#include <utility>

#include "hubsim/switches.hpp"

namespace spheregate::hubsim {
namespace {

constexpr auto kMembers = [](auto& faults, auto visit) {
  visit("outage", faults.outage);
  visit("puback_delay_ms", faults.pubackDelayMs);
  visit("puback_loss", faults.pubackLoss);
  visit("close_instead_of_puback", faults.closeInsteadOfPuback);
  visit("close_every_messages", faults.closeEveryMessages);
  visit("refuse_connack", faults.refuseConnack);
  visit("connects_per_second", faults.connectsPerSecond);
  visit("messages_per_second", faults.messagesPerSecond);
  visit("twin_reads_per_second", faults.twinReadsPerSecond);
  visit("twin_updates_per_second", faults.twinUpdatesPerSecond);
  visit("token_life_seconds", faults.tokenLifeSeconds);
  visit("read_bytes_per_second", faults.readBytesPerSecond);
  visit("twin_error_status", faults.twinErrorStatus);
  visit("twin_retry_after_seconds", faults.twinRetryAfterSeconds);
  visit("twin_delay_ms", faults.twinDelayMs);
  visit("twin_loss", faults.twinLoss);
  visit("method_delay_ms", faults.methodDelayMs);
  visit("drop_desired_pushes", faults.dropDesiredPushes);
  visit("poison_property", faults.poisonProperty);
  visit("quota_exceeded", faults.quotaExceeded);
  visit("dps_outage", faults.dpsOutage);
  visit("dps_throttle", faults.dpsThrottle);
  visit("dps_error_status", faults.dpsErrorStatus);
  visit("dps_fail", faults.dpsFail);
  visit("dps_delay_ms", faults.dpsDelayMs);
  visit("dps_loss", faults.dpsLoss);
  visit("dps_refuse_connack", faults.dpsRefuseConnack);
  visit("seed", faults.seed);
};

}  // namespace

Json toJson(const Faults& faults) { return switchesToJson(faults, kMembers); }

base::Explained<Faults> mergeFaults(const Faults& faults, const Json& changes) {
  auto merged = mergeSwitches(faults, changes, kMembers);
  if (!merged) return merged;
  for (const auto& [name, code] :
       {std::pair{"refuse_connack", merged->refuseConnack}, {"dps_refuse_connack", merged->dpsRefuseConnack}})
    if (code > 5) return std::string{"'"} + name + "' must be 0 or a CONNACK code from 1 to 5";
  for (const auto& [name, status] :
       {std::pair{"twin_error_status", merged->twinErrorStatus}, {"dps_error_status", merged->dpsErrorStatus}})
    if (status != 0 && (status < 300 || status > 599)) return std::string{"'"} + name + "' must be 0 or from 300 to 599";
  return merged;
}

}  // namespace spheregate::hubsim
