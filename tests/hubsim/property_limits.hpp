#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "hubsim/json_text.hpp"

namespace spheregate::hubsim {

// What is wrong with a section of a twin, or with a patch of one, by IoT Hub's rules for names, values, nesting and arrays.
// Names of the hub (`$version`, `$metadata`) are wrong too.
[[nodiscard]] std::optional<std::string> problemWithProperties(const Json& section);

// Bytes as IoT Hub counts them: names, texts, 8 for a number, 4 for a boolean.
[[nodiscard]] std::size_t propertyBytes(const Json& value);

}  // namespace spheregate::hubsim
