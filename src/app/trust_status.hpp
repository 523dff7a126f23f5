#pragma once

#include <nlohmann/json.hpp>

#include "spheregate/identity/admission.hpp"

namespace spheregate::app {

// What devices are judged by: `clock`, `tenant_cas` with the devices seen of each, and `crls`.
nlohmann::json trustJson(const identity::Admission& admission);

}  // namespace spheregate::app
