#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "spheregate/steward/steward.hpp"

namespace spheregate::steward {

using Json = nlohmann::json;

// The object `spheregate` of the reported properties: health, and an answer for each wish, as IoT Plug and Play has it.
Json reportOf(const Health& health, const std::vector<Verdict>& verdicts, std::uint64_t desiredVersion, const Wishes& wishes,
              const Configured& configured);

// The patch that makes `wanted` of what the hub has; empty when it is the same. Members of the hub's that are not wanted go.
Json patchFrom(const Json& present, const Json& wanted);

}  // namespace spheregate::steward
