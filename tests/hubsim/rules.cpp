#include "hubsim/rules.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "hubsim/switches.hpp"

namespace spheregate::hubsim {
namespace {

constexpr std::array<std::pair<UnknownFilter, const char*>, 3> kUnknownFilters{
    {{UnknownFilter::refuse, "refuse"}, {UnknownFilter::grant, "grant"}, {UnknownFilter::close, "close"}}};
constexpr std::array<std::pair<DpsDisabled, const char*>, 2> kDpsDisabled{
    {{DpsDisabled::answer, "answer"}, {DpsDisabled::refuse, "refuse"}}};
constexpr std::array<std::pair<Tier, const char*>, 4> kTiers{
    {{Tier::none, "none"}, {Tier::s1, "S1"}, {Tier::s2, "S2"}, {Tier::s3, "S3"}}};
constexpr std::uint32_t kUnitsMax = 200;

template <class Names, class Value>
void readName(const Names& names, const Json& value, Value& to) {
  std::string known;
  for (const auto& [named, name] : names) {
    known += (known.empty() ? "" : ", ") + std::string{name};
    if (!value.is_string() || value.get_ref<const std::string&>() != name) continue;
    to = named;
    return;
  }
  throw std::invalid_argument{"must be one of " + known};
}

template <class Names, class Value>
void writeName(const Names& names, Json& json, Value value) {
  for (const auto& [named, name] : names)
    if (named == value) json = name;
}

constexpr auto kMembers = [](auto& rules, auto visit) {
  visit("unknown_filter", rules.unknownFilter);
  visit("require_auth_chain", rules.requireAuthChain);
  visit("conditional_reported", rules.conditionalReported);
  visit("answer_qos_max", rules.answerQosMax);
  visit("cloud_lock_seconds", rules.cloudLockSeconds);
  visit("cloud_deliveries_max", rules.cloudDeliveriesMax);
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
void readSwitch(const Json& value, UnknownFilter& to) { readName(kUnknownFilters, value, to); }
void readSwitch(const Json& value, Tier& to) { readName(kTiers, value, to); }
void readSwitch(const Json& value, DpsDisabled& to) { readName(kDpsDisabled, value, to); }
void to_json(Json& json, DpsDisabled value) { writeName(kDpsDisabled, json, value); }
void to_json(Json& json, UnknownFilter value) { writeName(kUnknownFilters, json, value); }
void to_json(Json& json, Tier value) { writeName(kTiers, json, value); }

Json toJson(const Rules& rules) { return switchesToJson(rules, kMembers); }

base::Explained<Rules> mergeRules(const Rules& rules, const Json& changes) {
  auto merged = mergeSwitches(rules, changes, kMembers);
  if (!merged) return merged;
  if (merged->answerQosMax > 1) return std::string{"'answer_qos_max' must be 0 or 1"};
  if (merged->cloudDeliveriesMax == 0) return std::string{"'cloud_deliveries_max' must be at least 1"};
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
