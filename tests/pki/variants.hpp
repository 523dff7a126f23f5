#pragma once

#include <string>
#include <vector>

#include "pki/authorities.hpp"

namespace spheregate::testpki {

// A certificate that must not get in, named after its one fault.
struct Variant {
  std::string name;
  Issued issued;
  std::vector<Certificate> sentAlong;  // what the client shows after its leaf
};

// All of tenant A's CA and for the device `id`, except for the fault itself. `id` is 128 lower-case hexadecimal digits.
std::vector<Variant> makeVariants(const Authorities& authorities, const std::string& id, Time now);

}  // namespace spheregate::testpki
