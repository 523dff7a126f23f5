#pragma once

#include <filesystem>
#include <string>
#include <unordered_set>

#include "spheregate/base/result.hpp"
#include "spheregate/identity/settings.hpp"

namespace spheregate::identity {

using IdList = std::unordered_set<std::string>;

// One device id a line; empty lines and what follows a `#` do not matter. A line that is no id under `rule` would silently deny
// or allow nobody, so it is an error that names file and line.
base::Explained<IdList> readIdList(const std::filesystem::path& file, NameRule rule);

}  // namespace spheregate::identity
