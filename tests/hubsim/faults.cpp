#include "hubsim/faults.hpp"

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
  visit("seed", faults.seed);
};

}  // namespace

Json toJson(const Faults& faults) { return switchesToJson(faults, kMembers); }

base::Explained<Faults> mergeFaults(const Faults& faults, const Json& changes) {
  auto merged = mergeSwitches(faults, changes, kMembers);
  if (!merged) return merged;
  if (merged->refuseConnack > 5) return std::string{"'refuse_connack' must be 0 or a CONNACK code from 1 to 5"};
  if (merged->twinErrorStatus != 0 && (merged->twinErrorStatus < 300 || merged->twinErrorStatus > 599))
    return std::string{"'twin_error_status' must be 0 or from 300 to 599"};
  return merged;
}

}  // namespace spheregate::hubsim
