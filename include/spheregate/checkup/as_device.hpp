#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spheregate/checkup/finding.hpp"
#include "spheregate/checkup/subject.hpp"

namespace spheregate::checkup {

// The name in its certificate, so that people know it again in logs and lists. Whoever else takes it is in the same lists.
inline constexpr std::string_view kThrowAwayName = "spheregate-check";

struct Door {
  std::string host;        // what is dialled
  std::uint16_t port = 0;
  std::string dialledName;  // what devices dial, if that is another; the certificate must cover it
};

// Connects as an Azure Sphere device does (TLS 1.2, no server name, a certificate of its own), then with a server name, then with TLS 1.3.
// The certificate is made for the occasion, so a gateway that works refuses it as one of an unknown CA. Blocks for some seconds at most.
Findings lookAsDevice(const Subject& subject, const Door& door);

}  // namespace spheregate::checkup
