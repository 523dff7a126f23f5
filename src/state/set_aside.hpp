#pragma once

#include <filesystem>
#include <string>

namespace spheregate::state {

// Moves a damaged file and its log to `{file}.damaged-N`, the oldest of which go. The name it has now, or nothing when it could not be
// moved.
std::string setAside(const std::filesystem::path& file);

// What was made and moved in a directory is on stable storage.
bool syncDirectory(const std::filesystem::path& directory);

}  // namespace spheregate::state
