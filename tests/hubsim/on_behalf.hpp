#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hubsim/login.hpp"
#include "hubsim/registry.hpp"

namespace spheregate::hubsim {

// The edge a decoded audience `{hub}/devices/{edge}/modules/$edgeHub` speaks for; nothing for any other audience.
[[nodiscard]] std::optional<std::string> actingEdgeOf(std::string_view audience, const Registry& registry);

// Whether `edge`, which has proved that it is itself, may connect as `client`, a device or a module: every link from the client
// up to the edge is in the registry. Without a chain the edge must be directly above, or own the module, which never needs a
// chain.
[[nodiscard]] std::optional<Refusal> refusesOnBehalf(const std::string& edge, const std::string& client,
                                                     std::string_view usernameQuery, const Registry& registry,
                                                     bool requireAuthChain);

}  // namespace spheregate::hubsim
