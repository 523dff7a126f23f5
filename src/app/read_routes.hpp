#pragma once

#include <optional>

#include "spheregate/ops/admin_socket.hpp"
#include "status.hpp"

namespace spheregate::app {

// What the admin socket and the HTTP listener show alike: /status, /devices, /devices/{id or alias}, /refusals; docs/admin-api.md has
// the schema. Nothing for another path.
std::optional<ops::AdminAnswer> readRoute(const StatusParts& parts, const ops::AdminRequest& request);

}  // namespace spheregate::app
