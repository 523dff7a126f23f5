#include "hubsim/statistics.hpp"

#include <nlohmann/json.hpp>

namespace spheregate::hubsim {

nlohmann::json toJson(const Statistics& statistics) {
  return {{"messages", statistics.messages},
          {"payload_bytes", statistics.payloadBytes},
          {"duplicates", statistics.duplicates},
          {"pubacks", statistics.pubacks},
          {"pubacks_lost", statistics.pubacksLost},
          {"poisoned", statistics.poisoned},
          {"without_effect", statistics.withoutEffect},
          {"twin_reads", statistics.twinReads},
          {"twin_updates", statistics.twinUpdates},
          {"twin_errors", statistics.twinErrors},
          {"desired_pushes", statistics.desiredPushes},
          {"method_requests", statistics.methodRequests},
          {"c2d_deliveries", statistics.cloudDeliveries},
          {"c2d_completed", statistics.cloudCompleted},
          {"connects", statistics.connects},
          {"connects_accepted", statistics.connectsAccepted},
          {"connects_refused", nlohmann::json(statistics.connectsRefused)},
          {"throttled",
           {{"connect", statistics.throttled.connects},
            {"message", statistics.throttled.messages},
            {"twin_read", statistics.throttled.twinReads},
            {"twin_update", statistics.throttled.twinUpdates}}},
          {"takeovers", statistics.takeovers},
          {"handshakes_failed", statistics.handshakesFailed},
          {"closes", nlohmann::json(statistics.closes)}};
}

}  // namespace spheregate::hubsim
