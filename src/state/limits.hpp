#pragma once

#include <cstddef>
#include <cstdint>

#include "spheregate/state/store.hpp"

namespace spheregate::state {

inline constexpr std::int64_t kPageBytes = 4096;
// The file, without its log.
inline constexpr std::int64_t kFileBytesMax = 512ll << 20;
inline constexpr std::int64_t kPagesMax = kFileBytesMax / kPageBytes;
// Kept free by our own count, so that SQLite, which drops a whole transaction when it meets the limit, never does.
inline constexpr std::int64_t kPagesSpare = 1024;
// The log is copied into the file when it has so many pages. When that fails it may grow to the second number; then nothing is stored
// until it succeeds.
inline constexpr int kLogPages = 1000;
inline constexpr int kLogPagesMax = 32'768;
// What one commit covers at most.
inline constexpr std::size_t kCommitJobsMax = 1024;
inline constexpr std::size_t kCommitBytesMax = 16u << 20;
// Damaged files that are kept for whoever wants to look, and how often one process begins anew.
inline constexpr std::size_t kDamagedKept = 3;
inline constexpr int kFreshStartsMax = 8;

static_assert(kPagesSpare * kPageBytes > static_cast<std::int64_t>(2 * (kRowBytesMax + kKeyBytesMax)));
static_assert(kCommitBytesMax + kRowBytesMax < static_cast<std::size_t>(kLogPagesMax * kPageBytes) / 2);
static_assert(kCommitJobsMax < kCallsMax);

}  // namespace spheregate::state
