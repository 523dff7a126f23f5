#pragma once

#include <string>

#include "spheregate/upstream/control_client.hpp"

namespace spheregate::provisioning {

struct Settings {
  upstream::ControlAddress address;  // of the provisioning service
  std::string idScope;
  double registrationsPerMinute = 120;
};

}  // namespace spheregate::provisioning
