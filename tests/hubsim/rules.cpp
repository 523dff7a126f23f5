#include "hubsim/rules.hpp"

#include <algorithm>
#include <array>
#include <concepts>
#include <utility>

#include "hubsim/login.hpp"
#include "hubsim/switches.hpp"

namespace spheregate::hubsim {
namespace {

constexpr std::uint32_t kUnitsMax = 200;

// The words for the values of an enumeration, in its order.
template <class Enum>
constexpr auto kWords = nullptr;
template <>
constexpr auto kWords<UnknownFilter> = std::to_array({"refuse", "grant", "close"});
template <>
constexpr auto kWords<CloseOr> = std::to_array({"close", "ignore"});
template <>
constexpr auto kWords<Qos2> = std::to_array({"close", "puback"});
template <>
constexpr auto kWords<WrongWill> = std::to_array({"close", "refuse", "ignore"});
template <>
constexpr auto kWords<BadMethodStatus> = std::to_array({"ignore", "fail"});
template <>
constexpr auto kWords<OnBehalfScope> = std::to_array({"module", "device"});
template <>
constexpr auto kWords<DpsDisabled> = std::to_array({"answer", "refuse"});
template <>
constexpr auto kWords<Tier> = std::to_array({"none", "S1", "S2", "S3"});

template <class Enum>
concept Worded = requires {
  kWords<Enum>.size();
};

constexpr auto kMembers = [](auto& rules, auto visit) {
  visit("connack_codes", rules.connackCodes);
  visit("legacy_username", rules.legacyUsername);
  visit("wrong_will", rules.wrongWill);
  visit("session_present", rules.sessionPresent);
  visit("require_auth_chain", rules.requireAuthChain);
  visit("single_encoded_audience", rules.singleEncodedAudience);
  visit("on_behalf_by_device_key", rules.onBehalfByDeviceKey);
  visit("on_behalf_by_certificate", rules.onBehalfByCertificate);
  visit("certificate_names_ignore_case", rules.certificateNamesIgnoreCase);
  visit("unknown_filter", rules.unknownFilter);
  visit("unknown_topic", rules.unknownTopic);
  visit("broken_bag", rules.brokenBag);
  visit("qos2", rules.qos2);
  visit("retain_value", rules.retainValue);
  visit("on_behalf_scope", rules.onBehalfScope);
  visit("conditional_reported", rules.conditionalReported);
  visit("noop_patch_version", rules.noopPatchVersion);
  visit("twin_too_large_status", rules.twinTooLargeStatus);
  visit("answer_qos_max", rules.answerQosMax);
  visit("bad_method_status", rules.badMethodStatus);
  visit("cloud_lock_seconds", rules.cloudLockSeconds);
  visit("cloud_deliveries_max", rules.cloudDeliveriesMax);
  visit("cloud_lock_expiry_counts", rules.cloudLockExpiryCounts);
  visit("cloud_life_seconds", rules.cloudLifeSeconds);
  visit("cloud_return_at_disconnect", rules.cloudReturnAtDisconnect);
  visit("tier", rules.tier);
  visit("tier_units", rules.tierUnits);
  visit("ws_frame_bytes", rules.wsFrameBytes);
  visit("dps_assign_polls", rules.dpsAssignPolls);
  visit("dps_retry_after_seconds", rules.dpsRetryAfterSeconds);
  visit("dps_assigned_hub", rules.dpsAssignedHub);
  visit("dps_disabled", rules.dpsDisabled);
  visit("dps_lower_case_ids", rules.dpsLowerCaseIds);
};

}  // namespace

// Found by argument-dependent lookup: from mergeSwitches, and from the JSON library.
template <Worded Enum>
void readSwitch(const Json& value, Enum& to) {
  std::string known;
  for (std::size_t i = 0; i < kWords<Enum>.size(); ++i) {
    known += (known.empty() ? "" : ", ") + std::string{kWords<Enum>[i]};
    if (!value.is_string() || value.get_ref<const std::string&>() != kWords<Enum>[i]) continue;
    to = static_cast<Enum>(i);
    return;
  }
  throw std::invalid_argument{"must be one of " + known};
}

template <Worded Enum>
void to_json(Json& json, Enum value) {
  json = kWords<Enum>[static_cast<std::size_t>(value)];
}

// The whole table, not merged: `{}` goes back to the usual codes.
void readSwitch(const Json& value, ConnackCodes& to) {
  if (!value.is_object()) throw std::invalid_argument{"must be an object of refusals and their codes"};
  ConnackCodes codes;
  for (const auto& [name, code] : value.items()) {
    if (!refusalNamed(name)) throw std::invalid_argument{"names a refusal that does not exist: " + name};
    if (!code.is_number_unsigned() || code.get<std::uint64_t>() > 5) throw std::invalid_argument{"must have codes from 0 to 5"};
    codes.byRefusal[name] = code.get<std::uint32_t>();
  }
  to = std::move(codes);
}
void to_json(Json& json, const ConnackCodes& codes) { json = Json(codes.byRefusal); }

Json toJson(const Rules& rules) { return switchesToJson(rules, kMembers); }

base::Explained<Rules> mergeRules(const Rules& rules, const Json& changes) {
  auto merged = mergeSwitches(rules, changes, kMembers);
  if (!merged) return merged;
  if (merged->answerQosMax > 1) return std::string{"'answer_qos_max' must be 0 or 1"};
  if (merged->cloudDeliveriesMax == 0) return std::string{"'cloud_deliveries_max' must be at least 1"};
  if (merged->twinTooLargeStatus != 400 && merged->twinTooLargeStatus != 413)
    return std::string{"'twin_too_large_status' must be 400 or 413"};
  if (merged->tierUnits == 0 || merged->tierUnits > kUnitsMax) return std::string{"'tier_units' must be from 1 to 200"};
  return merged;
}

// Throttles of "IoT Hub quotas and throttling".
TierLimits limitsOf(Tier tier, std::uint32_t units) {
  switch (tier) {
    case Tier::none:
      break;
    case Tier::s1:
      return {std::max(100u, 12 * units), std::max(100u, 12 * units), 100, 50};
    case Tier::s2:
      return {120 * units, 120 * units, std::max(100u, 10 * units), std::max(50u, 5 * units)};
    case Tier::s3:
      return {6000 * units, 6000 * units, 500 * units, 250 * units};
  }
  return {};
}

}  // namespace spheregate::hubsim
