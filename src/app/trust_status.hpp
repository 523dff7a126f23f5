#pragma once

#include <cstddef>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "spheregate/identity/admission.hpp"

namespace spheregate::app {

// What devices are judged by: `clock`, `tenant_cas` with the devices seen of each, and `crls`.
nlohmann::json trustJson(const identity::Admission& admission, const std::map<std::string, std::size_t>& connected);

}  // namespace spheregate::app
