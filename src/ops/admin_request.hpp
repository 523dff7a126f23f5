#pragma once

#include <functional>
#include <optional>

#include "http_answer.hpp"
#include "spheregate/ops/admin_socket.hpp"

namespace spheregate::ops {

// Nothing when the target is not one: an escape that is none, or a NUL byte.
std::optional<AdminRequest> adminRequest(const HttpRequest& request, std::uint32_t uid);
// What the admin socket says to a well-formed request without a body.
void answerTo(const HttpRequest& request, const AdminHandler& handler, std::uint32_t uid, std::function<void(HttpAnswer)> reply);

}  // namespace spheregate::ops
