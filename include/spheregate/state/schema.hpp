#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace spheregate::state {

// Of state.db (PRAGMA user_version). A table may be added in the same version: programs that do not know it leave it alone.
inline constexpr std::int64_t kSchemaVersion = 1;
// PRAGMA application_id, "Sphg".
inline constexpr std::int64_t kApplicationId = 0x53706867;

// The version of `directory`/state.db when a newer version of the program made it; nothing when it is ours, somebody else's, damaged, held by
// another process, or not there. Changes no byte of it or of its log.
std::optional<std::int64_t> newerSchema(const std::filesystem::path& directory);

}  // namespace spheregate::state
