#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spheregate::base {

// The word a person most likely meant; nothing when none is near.
std::optional<std::string> nearest(std::string_view typed, const std::vector<std::string>& words);

}  // namespace spheregate::base
