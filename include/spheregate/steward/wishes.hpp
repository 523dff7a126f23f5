#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/log.hpp"

namespace spheregate::steward {

inline constexpr std::size_t kDenyListMax = 1'000;
inline constexpr std::int64_t kMessageTtlMax = std::int64_t{3650} * 24 * 3600;
inline constexpr double kDrainRateMax = 1'000'000;
// Names that are none of ours are answered, but not without end.
inline constexpr std::size_t kUnknownKeysMax = 16;

// What the gateway's operators want, from afar, to be other than the configuration says. Nothing: as configured.
struct Wishes {
  std::vector<std::string> denyList;  // device ids, besides those of devices.deny_file
  std::optional<base::LogLevel> logLevel;
  std::optional<std::chrono::seconds> messageTtl;  // 0: never
  std::optional<double> drainRate;                 // 0: no limit
  bool operator==(const Wishes&) const = default;
};

// What the hub is told about one key: 200 it is in force, 400 it is not, and why.
struct Verdict {
  std::string key;
  int code = 200;
  std::string why;
  bool operator==(const Verdict&) const = default;
};

struct Judged {
  Wishes wishes;
  std::vector<Verdict> verdicts;  // of the keys that are there, in the order of their names
};

// Judges the object `spheregate` of the desired properties (JSON, or empty when there is none), each key as a whole: what is wrong leaves
// what was in force `before`, what is not there goes back to the configuration. Nothing when it is not an object.
[[nodiscard]] std::optional<Judged> judge(std::string_view section, const Wishes& before);

// As JSON, for the store; what cannot be read is no wish.
[[nodiscard]] std::string text(const Wishes& wishes);
[[nodiscard]] Wishes readWishes(std::string_view text);

}  // namespace spheregate::steward
