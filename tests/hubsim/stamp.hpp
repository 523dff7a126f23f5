#pragma once

#include <string>

#include "hubsim/login.hpp"
#include "hubsim/rules.hpp"

namespace spheregate::hubsim {

// What the hub writes on every message of one connection, whatever the device says.
struct Stamp {
  std::string authMethod;  // JSON text, as the hub shows it
  std::string modelId;
};

[[nodiscard]] Stamp stampOf(const Login& login, std::string modelId, const Rules& rules);

}  // namespace spheregate::hubsim
