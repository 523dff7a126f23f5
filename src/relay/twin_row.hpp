#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spheregate::relay {

// What is kept of a device's twin, so that it can be read while the hub is away.
struct TwinRow {
  std::string desired;   // the section as the device was told last, `$version` included; empty while the hub never showed the twin
  std::string reported;  // the section as the hub has it, likewise
  std::vector<std::string> pending;  // patches that the gateway answered in the hub's place, in order; few, as most become one
  std::uint64_t through = 0;         // the mark of the latest of these
  bool settled = false;              // the hub has them all, so its next word is the whole truth

  bool known() const { return !desired.empty(); }
  bool operator==(const TwinRow&) const = default;
};

std::string encode(const TwinRow& row);
// Nothing for what this version did not write.
[[nodiscard]] std::optional<TwinRow> decodeTwinRow(std::string_view bytes);
void addPending(TwinRow& row, std::string_view patch);
// The body that answers a read: what the device reported stands in it, whether the hub knows it yet or not. Only of a known twin.
[[nodiscard]] std::string twinBody(const TwinRow& row);

}  // namespace spheregate::relay
