#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hubsim/login.hpp"
#include "hubsim/registry.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::hubsim {

// The edge a decoded audience `{hub}/devices/{edge}/modules/$edgeHub` speaks for; nothing for any other audience.
[[nodiscard]] std::optional<std::string> actingEdgeOf(std::string_view audience, const Registry& registry);

// Whether the `$edgeHub` module of `edge` may connect as `client`, which is a device or a module like itself: its key signed, and
// every link from the client up to the edge is in the registry. Without a chain the edge must be directly above, or be the module
// itself, which never needs one. Expiry is not judged.
[[nodiscard]] std::optional<Refusal> refusesOnBehalf(const hub::SasToken& token, const std::string& edge,
                                                     const std::string& client, std::string_view usernameQuery,
                                                     const Registry& registry, bool requireAuthChain);

}  // namespace spheregate::hubsim
