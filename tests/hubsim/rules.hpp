#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "spheregate/base/result.hpp"

namespace spheregate::hubsim {

enum class UnknownFilter { refuse, grant, close };
enum class DpsDisabled { answer, refuse };
enum class Tier { none, s1, s2, s3 };

// How a healthy hub behaves where IoT Hub's behaviour is unknown, has a choice, or takes longer than a test wants to wait.
struct Rules {
  UnknownFilter unknownFilter = UnknownFilter::refuse;  // SUBACK 0x80, SUBACK as if it were known, or the end
  bool requireAuthChain = false;                        // for tokens of an edge; without, a direct child needs none
  bool conditionalReported = true;                      // `$version` in the topic of a reported patch: 412 unless current
  std::uint32_t answerQosMax = 0;                       // of twin answers, desired properties and method requests: 0 or 1
  std::uint32_t cloudLockSeconds = 60;                  // a delivered, unacknowledged message is delivered again; 0: never
  std::uint32_t cloudDeliveriesMax = 10;                // then a message is dead-lettered
  std::uint32_t cloudLifeSeconds = 3600;                // of messages sent without an expiry
  bool cloudReturnAtDisconnect = true;                  // unacknowledged messages; otherwise their lock must run out
  Tier tier = Tier::none;                               // rate limits of IoT Hub; a fault switch that is not zero comes first
  std::uint32_t tierUnits = 1;
  std::uint32_t wsFrameBytes = 0;  // WebSocket messages of the hub are cut so short; 0: what is to be said goes in one
  // Of the provisioning service; the registry file may say otherwise.
  std::uint32_t dpsAssignPolls = 1;               // the poll that is answered with the result; 0: the register request is
  std::uint32_t dpsRetryAfterSeconds = 1;         // named in answers that ask for patience; 0: not named
  std::string dpsAssignedHub;                     // of enrolments that name none
  DpsDisabled dpsDisabled = DpsDisabled::answer;  // a disabled enrolment gets the status `disabled`, or CONNACK 5
  bool dpsLowerCaseIds = false;                   // registration ids with capitals are refused

  bool operator==(const Rules&) const = default;
};

[[nodiscard]] nlohmann::json toJson(const Rules& rules);
[[nodiscard]] base::Explained<Rules> mergeRules(const Rules& rules, const nlohmann::json& changes);

// A second's worth of each; zero is no limit.
struct TierLimits {
  std::uint32_t connects = 0;
  std::uint32_t messages = 0;
  std::uint32_t twinReads = 0;
  std::uint32_t twinUpdates = 0;
};
[[nodiscard]] TierLimits limitsOf(Tier tier, std::uint32_t units);

}  // namespace spheregate::hubsim
