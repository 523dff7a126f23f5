#pragma once

#include <cstddef>
#include <string_view>

namespace spheregate::hub {

inline constexpr std::size_t kDeviceIdBytesMax = 128;

// 1 to 128 ASCII letters, digits and `- . % _ * ? ! ( ) , : = @ $ '` (IoT Hub's identity registry).
[[nodiscard]] bool validDeviceId(std::string_view id);
// 128 lower-case hexadecimal digits, as Azure Sphere's device certificates carry them.
[[nodiscard]] bool sphereDeviceId(std::string_view id);

}  // namespace spheregate::hub
