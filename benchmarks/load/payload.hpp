#pragma once

#include <cstdint>
#include <cstring>

#include "clock.hpp"

namespace spheregate::load {

// How every payload begins; the rest is filling.
struct Stamp {
  Nanoseconds born = 0;
  std::uint64_t sequence = 0;  // per device, from 0
  std::uint32_t device = 0;
  std::uint32_t magic = kMagic;

  static constexpr std::uint32_t kMagic = 0x53504752;
};
static_assert(sizeof(Stamp) == 24);

inline void writeStamp(std::uint8_t* payload, const Stamp& stamp) { std::memcpy(payload, &stamp, sizeof stamp); }

inline Stamp readStamp(const std::uint8_t* payload) {
  Stamp stamp;
  std::memcpy(&stamp, payload, sizeof stamp);
  return stamp;
}

}  // namespace spheregate::load
