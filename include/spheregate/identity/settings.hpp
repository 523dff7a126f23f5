#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>

namespace spheregate::identity {

enum class NameRule : std::uint8_t {
  sphere,  // CN is 128 lower-case hexadecimal digits
  any,     // CN is a valid IoT Hub device id
};

struct Settings {
  std::filesystem::path tenantCa;  // a file or a directory
  std::string tenantId;            // empty, or the GUID every tenant CA must carry
  NameRule nameRule = NameRule::sphere;
  std::filesystem::path denyFile;   // empty: nobody
  std::filesystem::path allowFile;  // empty: everybody of the tenant
};

}  // namespace spheregate::identity
