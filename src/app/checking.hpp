#pragma once

#include <string>

#include "command_line.hpp"
#include "spheregate/checkup/examine.hpp"

namespace spheregate::app {

struct CheckQuestion {
  std::string file = kConfigFile;
  bool asDevice = false;
  bool offline = false;
  std::string host;  // of --as-device; empty: this machine
  std::string loginAs;
  std::string root;
};

// Everything that `spheregate check` looks at. Nothing is logged any more from then on.
checkup::Examined checkAll(const CheckQuestion& question);
// docs/schemas/check.schema.json
std::string findingsJson(const checkup::Findings& findings);

}  // namespace spheregate::app
