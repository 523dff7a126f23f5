#pragma once

#include <string>

#include "certificate_reading.hpp"
#include "spheregate/checkup/subject.hpp"

namespace spheregate::checkup {

// What devices trust the gateway by.
struct Roots {
  Chain certificates;
  bool given = false;   // somebody said so; otherwise it is what the certificate's file ends with
  std::string problem;  // the file that was given cannot be read
};
Roots trustedRoots(const Subject& subject);

}  // namespace spheregate::checkup
