#include "spheregate/steward/wishes.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "spheregate/hub/device_id.hpp"
#include "wish_keys.hpp"

namespace spheregate::steward {
namespace {

using Json = nlohmann::json;
using Fault = std::string;  // empty: none

constexpr std::array<std::pair<std::string_view, base::LogLevel>, 4> kLevels{{{"debug", base::LogLevel::debug},
                                                                              {"info", base::LogLevel::info},
                                                                              {"warn", base::LogLevel::warn},
                                                                              {"error", base::LogLevel::error}}};

Fault readDenyList(const Json& value, Wishes& wishes) {
  if (!value.is_array()) return "must be an array of device ids";
  if (value.size() > kDenyListMax) return "has " + std::to_string(value.size()) + " ids; at most " + std::to_string(kDenyListMax) + " are taken";
  std::set<std::string> ids;
  for (const Json& id : value) {
    if (!id.is_string() || !hub::validDeviceId(id.get_ref<const std::string&>())) return "holds something that is not a device id";
    ids.insert(id.get<std::string>());
  }
  wishes.denyList.assign(ids.begin(), ids.end());
  return {};
}

Fault readLogLevel(const Json& value, Wishes& wishes) {
  for (const auto& [name, level] : kLevels) {
    if (value.is_string() && value.get_ref<const std::string&>() == name) {
      wishes.logLevel = level;
      return {};
    }
  }
  return "must be debug, info, warn or error";
}

Fault readMessageTtl(const Json& value, Wishes& wishes) {
  const bool whole = value.is_number_integer() && (!value.is_number_unsigned() || value.get<std::uint64_t>() <= kMessageTtlMax);
  if (!whole || value.get<std::int64_t>() < 0 || value.get<std::int64_t>() > kMessageTtlMax) {
    return "must be a whole number of seconds, 0 (never) to " + std::to_string(kMessageTtlMax);
  }
  wishes.messageTtl = std::chrono::seconds{value.get<std::int64_t>()};
  return {};
}

Fault readDrainRate(const Json& value, Wishes& wishes) {
  if (!value.is_number() || !(value.get<double>() >= 0 && value.get<double>() <= kDrainRateMax)) {
    return "must be a number of messages a second, 0 (no limit) to 1000000";
  }
  wishes.drainRate = value.get<double>();
  return {};
}

struct Key {
  std::string_view name;
  Fault (*read)(const Json& value, Wishes& wishes);
  void (*keep)(const Wishes& before, Wishes& wishes);
};

constexpr std::array kKeys{
    Key{kDenyList, readDenyList, [](const Wishes& before, Wishes& wishes) { wishes.denyList = before.denyList; }},
    Key{kLogLevel, readLogLevel, [](const Wishes& before, Wishes& wishes) { wishes.logLevel = before.logLevel; }},
    Key{kMessageTtl, readMessageTtl, [](const Wishes& before, Wishes& wishes) { wishes.messageTtl = before.messageTtl; }},
    Key{kDrainRate, readDrainRate, [](const Wishes& before, Wishes& wishes) { wishes.drainRate = before.drainRate; }},
};

// A name that can be given back as one of a twin: the hub takes no others in reported properties.
bool reportable(std::string_view name) {
  constexpr std::size_t bytesMax = 64;
  return !name.empty() && name.size() <= bytesMax && std::all_of(name.begin(), name.end(), [](char c) {
    return c > ' ' && c < 0x7f && c != '.' && c != '$' && c != '#';
  });
}

}  // namespace

std::optional<Judged> judge(std::string_view section, const Wishes& before) {
  if (section.empty()) return Judged{};
  const Json object = Json::parse(section, nullptr, false);
  if (!object.is_object()) return std::nullopt;
  Judged judged;
  std::size_t unknown = 0;
  for (const auto& [name, value] : object.items()) {
    const auto known = std::find_if(kKeys.begin(), kKeys.end(), [&name = name](const Key& key) { return key.name == name; });
    if (known == kKeys.end()) {
      if (reportable(name) && !ours(name) && ++unknown <= kUnknownKeysMax) judged.verdicts.push_back({name, 400, "unknown key"});
      continue;
    }
    if (value.is_null()) continue;
    Fault fault = known->read(value, judged.wishes);
    if (!fault.empty()) known->keep(before, judged.wishes);
    judged.verdicts.push_back({name, fault.empty() ? 200 : 400, std::move(fault)});
  }
  return judged;
}

std::string levelName(base::LogLevel level) {
  const auto found = std::find_if(kLevels.begin(), kLevels.end(), [&](const auto& one) { return one.second == level; });
  return found == kLevels.end() ? "info" : std::string{found->first};
}

std::string text(const Wishes& wishes) {
  Json object = Json::object();
  if (!wishes.denyList.empty()) object[kDenyList] = wishes.denyList;
  if (wishes.logLevel) object[kLogLevel] = levelName(*wishes.logLevel);
  if (wishes.messageTtl) object[kMessageTtl] = wishes.messageTtl->count();
  if (wishes.drainRate) object[kDrainRate] = *wishes.drainRate;
  return object.dump();
}

Wishes readWishes(std::string_view text) {
  const auto judged = judge(text, {});
  return judged ? judged->wishes : Wishes{};
}

}  // namespace spheregate::steward
