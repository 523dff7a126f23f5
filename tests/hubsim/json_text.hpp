#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace spheregate::hubsim {

using Json = nlohmann::json;

// JSON as peers send it. Nothing when it is none, or nested deeper than kJsonDepthMax: what was read may be walked recursively.
[[nodiscard]] std::optional<Json> parseJson(std::string_view text);
// Never throws: what is not UTF-8 shows as U+FFFD.
[[nodiscard]] std::string dumped(const Json& json);

}  // namespace spheregate::hubsim
