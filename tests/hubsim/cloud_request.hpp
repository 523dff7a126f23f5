#pragma once

#include <variant>

#include "hubsim/http_request.hpp"
#include "hubsim/hub.hpp"
#include "hubsim/hub_error.hpp"

namespace spheregate::hubsim {

// The cloud-to-device message of a POST to `/devices/{id}/messages/deviceBound`.
[[nodiscard]] std::variant<CloudMessage, HubError> cloudMessageFrom(const HttpRequest& request, const Hub& hub);

}  // namespace spheregate::hubsim
