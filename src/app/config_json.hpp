#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "spheregate/config/config.hpp"

namespace spheregate::app {

// `{"file", "good", "problems": [{"file", "line", "column", "key", "message", "fix"}]}`; line and column are 0 when a file as a whole is meant.
nlohmann::json problemsJson(const std::string& file, const std::vector<config::Problem>& problems);
// The values in effect, nested as in the file. Sizes and times are texts, as they are written there.
nlohmann::ordered_json valuesJson(const config::Config& config);

}  // namespace spheregate::app
