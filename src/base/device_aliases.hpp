#pragma once

#include <string>

#include "spheregate/base/log.hpp"

namespace spheregate::base {

// What people call the device of this field; empty when it is no device's field, or has no name. Any thread.
std::string aliasIn(const LogField& field);

}  // namespace spheregate::base
