#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace spheregate::identity {

enum class NameRule : std::uint8_t {
  sphere,  // CN is 128 lower-case hexadecimal digits
  any,     // CN is a valid IoT Hub device id
};

enum class CrlPolicy : std::uint8_t {
  off,      // revocation lists are not looked at
  prefer,   // a list is obeyed as long as there is one, also after its next update was due
  require,  // a CA without a current list vouches for nobody
};

enum class ExpiredSession : std::uint8_t {
  end,   // a session ends with the certificate it began with, grace included
  keep,  // it lives until it is closed
};

struct Settings {
  std::filesystem::path tenantCa;  // a file or a directory
  std::string tenantId;            // empty, or the GUID every tenant CA must carry
  NameRule nameRule = NameRule::sphere;
  std::filesystem::path denyFile;   // empty: nobody
  std::filesystem::path allowFile;  // empty: everybody of the tenant
  std::filesystem::path crl;        // a file or a directory; empty: none
  CrlPolicy crlPolicy = CrlPolicy::off;
  // A certificate expired at most this long lets in a device that was seen before.
  std::chrono::milliseconds expiredGrace{0};
  std::vector<std::pair<std::string, std::string>> aliases;  // what people call devices, by id
  std::filesystem::path aliasFile;                           // the same as CSV; empty: none
  ExpiredSession expiredSession = ExpiredSession::end;
};

}  // namespace spheregate::identity
