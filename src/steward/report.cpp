#include "report.hpp"

#include <algorithm>
#include <array>

#include "spheregate/base/utf8.hpp"
#include "wish_keys.hpp"

namespace spheregate::steward {
namespace {

constexpr std::array kHealth{"version", "startedAt", "devicesConnected", "queueMessages", "queueBytes", "lastError"};
// The hub takes 4 KB a text and 32 KB of reported properties in all.
constexpr std::size_t kErrorBytesMax = 500;
constexpr std::size_t kListBytesMax = 8 * 1024;

// What is in force.
Json valueOf(std::string_view key, const Wishes& wishes, const Configured& configured) {
  if (key == kDenyList) {
    Json list = wishes.denyList;
    // Too long to be told back; how many they are says enough.
    return list.dump().size() <= kListBytesMax ? list : Json(wishes.denyList.size());
  }
  if (key == kLogLevel) return levelName(wishes.logLevel.value_or(configured.logLevel));
  if (key == kMessageTtl) return wishes.messageTtl.value_or(configured.messageTtl).count();
  if (key == kDrainRate) return wishes.drainRate.value_or(configured.drainRate);
  return {};
}

}  // namespace

bool ours(std::string_view name) { return std::find(kHealth.begin(), kHealth.end(), name) != kHealth.end(); }

Json reportOf(const Health& health, const std::vector<Verdict>& verdicts, std::uint64_t desiredVersion, const Wishes& wishes,
              const Configured& configured) {
  Json report{{"version", health.version},
              {"startedAt", health.startedAt},
              {"devicesConnected", health.devicesConnected},
              {"queueMessages", health.queueMessages},
              {"queueBytes", health.queueBytes},
              {"lastError", base::clipUtf8(health.lastError, kErrorBytesMax)}};
  for (const Verdict& verdict : verdicts) {
    Json answer{{"ac", verdict.code}, {"av", desiredVersion}, {"ad", verdict.why}};
    if (Json value = valueOf(verdict.key, wishes, configured); !value.is_null()) answer["value"] = std::move(value);
    report[verdict.key] = std::move(answer);
  }
  return report;
}

Json patchFrom(const Json& present, const Json& wanted) {
  Json patch = Json::object();
  for (const auto& [name, value] : wanted.items()) {
    const auto known = present.find(name);
    if (known == present.end() || *known != value) patch[name] = value;
  }
  for (const auto& [name, value] : present.items()) {
    if (!wanted.contains(name)) patch[name] = nullptr;
  }
  return patch;
}

}  // namespace spheregate::steward
