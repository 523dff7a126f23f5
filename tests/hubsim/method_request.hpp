#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "hubsim/method_calls.hpp"

namespace spheregate::hubsim {

// The call in the body of a POST to `/twins/{id}/methods`.
[[nodiscard]] std::variant<MethodCall, HubError> methodCallFrom(const std::string& device, std::string_view body);

}  // namespace spheregate::hubsim
