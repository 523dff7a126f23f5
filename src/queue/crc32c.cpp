#include "crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif
#if defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

namespace spheregate::queue {
namespace {

#if !defined(__ARM_FEATURE_CRC32)
constexpr std::uint32_t kPolynomial = 0x82F63B78;  // reflected

// Slicing by eight: table[k][b] is the code of byte b followed by k zero bytes.
constexpr std::array<std::array<std::uint32_t, 256>, 8> makeTables() {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    tables[0][byte] = crc;
  }
  for (std::size_t slice = 1; slice < 8; ++slice) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = tables[slice - 1][byte];
      tables[slice][byte] = (before >> 8) ^ tables[0][before & 0xFF];
    }
  }
  return tables;
}

constexpr auto kTables = makeTables();

std::uint32_t portable(const std::uint8_t* at, std::size_t size, std::uint32_t crc) {
  while (size >= 8) {
    std::uint32_t low = 0;
    std::memcpy(&low, at, 4);
    low ^= crc;
    crc = kTables[7][low & 0xFF] ^ kTables[6][(low >> 8) & 0xFF] ^ kTables[5][(low >> 16) & 0xFF] ^ kTables[4][low >> 24] ^
          kTables[3][at[4]] ^ kTables[2][at[5]] ^ kTables[1][at[6]] ^ kTables[0][at[7]];
    at += 8;
    size -= 8;
  }
  while (size-- > 0) crc = (crc >> 8) ^ kTables[0][(crc ^ *at++) & 0xFF];
  return crc;
}
#endif

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t withInstruction(const std::uint8_t* at, std::size_t size, std::uint32_t crc) {
  std::uint64_t wide = crc;
  while (size >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    wide = _mm_crc32_u64(wide, word);
    at += 8;
    size -= 8;
  }
  crc = static_cast<std::uint32_t>(wide);
  while (size-- > 0) crc = _mm_crc32_u8(crc, *at++);
  return crc;
}
#endif

std::uint32_t update(const std::uint8_t* at, std::size_t size, std::uint32_t crc) {
#if defined(__x86_64__)
  static const bool hasInstruction = __builtin_cpu_supports("sse4.2") != 0;
  return hasInstruction ? withInstruction(at, size, crc) : portable(at, size, crc);
#elif defined(__ARM_FEATURE_CRC32)
  while (size >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    crc = __crc32cd(crc, word);
    at += 8;
    size -= 8;
  }
  while (size-- > 0) crc = __crc32cb(crc, *at++);
  return crc;
#else
  return portable(at, size, crc);
#endif
}

}  // namespace

std::uint32_t crc32c(base::ByteView bytes, std::uint32_t crc) { return ~update(bytes.data(), bytes.size(), ~crc); }

}  // namespace spheregate::queue
