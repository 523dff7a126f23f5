#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>

namespace spheregate::queue {

enum class WhenFull : std::uint8_t { hold, dropOldest, dropNewest };

struct Settings {
  std::filesystem::path path = "/var/lib/spheregate/queue";
  std::uint64_t bytesMax = 1ull << 30;                    // on disk, every overhead included
  std::chrono::milliseconds messageTtl = std::chrono::hours{24 * 7};  // 0: never
  WhenFull whenFull = WhenFull::hold;
  std::chrono::milliseconds commitAfter{250};
  std::uint64_t memoryBytesMax = 64ull << 20;             // messages held in memory; above it they are written at once
  std::uint64_t segmentBytes = 16ull << 20;               // lowered so that at least 8 segments fit in bytesMax
};

}  // namespace spheregate::queue
