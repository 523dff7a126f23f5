#pragma once

#include <string>
#include <vector>

#include "spheregate/base/result.hpp"

namespace spheregate::pki {

// What devices dial.
struct Names {
  std::string hostname;                // a DNS name with a dot, or an IPv4 address
  std::vector<std::string> addresses;  // IPv4 or IPv6
};

// The names in the form that certificates have, each once; or what is wrong with one of them. A name without a dot is refused:
// the devices' SDK takes what is before the first dot for the hub's name, and fails without one.
base::Explained<Names> checkedNames(Names names);

// In OpenSSL's language: `DNS:gateway.plant.example,IP:10.0.0.5,DNS:10.0.0.5`. An IPv4 address stands there as a name too,
// because older TLS libraries of devices compare what was dialled, as text, with the DNS names only.
std::string subjectAltNames(const Names& names);

}  // namespace spheregate::pki
