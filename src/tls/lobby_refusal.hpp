#pragma once

#include <string_view>

#include "refusal.hpp"

namespace spheregate::tls {

// Of those whom the lobby does not keep, whatever they have to say.
Refusal backedOff(unsigned refusedInRow);
Refusal tooManyUnauthenticated(std::size_t present);
Refusal tooLongHandshake(std::string_view problem);

}  // namespace spheregate::tls
