#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace spheregate::queue {

// Of the files in the store; FORMAT.md describes it, and what a next version may change.
inline constexpr std::uint32_t kFormatVersion = 1;

struct NewerSegment {
  std::filesystem::path file;
  std::uint32_t version = 0;
};

// A segment that a newer version of the program wrote, the one of the highest version if there are several. Looks only at the first bytes of
// each file, and changes nothing. A damaged header is of no version.
std::optional<NewerSegment> newerSegment(const std::filesystem::path& directory);

}  // namespace spheregate::queue
