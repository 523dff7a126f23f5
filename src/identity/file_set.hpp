#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "spheregate/base/result.hpp"

namespace spheregate::identity {

// The file itself, or the regular files of a directory whose names end in one of `endings` (`.pem`; letter case does not matter) and do
// not begin with a dot, in the order of their names. Fails when the place cannot be read; a directory may have none.
base::Explained<std::vector<std::filesystem::path>> filesAt(const std::filesystem::path& place, const std::vector<std::string_view>& endings);

}  // namespace spheregate::identity
