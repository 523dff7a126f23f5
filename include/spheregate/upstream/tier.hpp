#pragma once

#include <cstdint>

namespace spheregate::upstream {

// What kind of IoT Hub it is. Free and B1 have the throttles of S1, B2 those of S2, B3 those of S3.
enum class Tier : std::uint8_t { unknown, s1, s2, s3 };

// Operations a second, of all devices together; 0: no limit is known.
struct Throttles {
  double connects = 0;
  double messages = 0;
  double twinReads = 0;
  double twinUpdates = 0;
};

// By "Azure IoT Hub quotas and throttling".
Throttles throttlesOf(Tier tier, std::uint32_t units);

}  // namespace spheregate::upstream
