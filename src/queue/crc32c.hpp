#pragma once

#include <cstdint>

#include "spheregate/base/bytes.hpp"

namespace spheregate::queue {

// CRC-32C (Castagnoli) of `bytes`, continued from `crc`; any start value may be given, so that two files need not share one code.
std::uint32_t crc32c(base::ByteView bytes, std::uint32_t crc = 0);

}  // namespace spheregate::queue
