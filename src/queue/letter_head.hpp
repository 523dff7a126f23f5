#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spheregate/base/bytes.hpp"
#include "spheregate/queue/dead_letter.hpp"

namespace spheregate::queue {

// How much of a file has to be read to see its first line.
inline constexpr std::size_t kLetterHeadBytesMax = 4096;

// The first line of a dead letter: `device`, `reason`, `kind`, `accepted_ms` and `dead_ms` of the letter, as JSON, with its line break.
std::string letterHead(const DeadLetter& letter);

// Fills the letter from the beginning of its file; how long the first line is, or nothing when it is none of ours. Somebody may have
// written the file by hand.
[[nodiscard]] std::optional<std::size_t> readLetterHead(std::string_view content, DeadLetter& letter);

}  // namespace spheregate::queue
