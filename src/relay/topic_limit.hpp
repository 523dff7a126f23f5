#pragma once

#include <cstddef>

namespace spheregate::relay {

// What the two bytes of a topic's length can say (MQTT 3.1.1 §1.5.3); the encoder takes more for a bug. It holds for prefix and
// suffix together.
inline constexpr std::size_t kTopicBytesMax = 65'535;

}  // namespace spheregate::relay
