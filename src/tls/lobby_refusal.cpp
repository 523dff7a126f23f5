#include "lobby_refusal.hpp"

#include <string>

namespace spheregate::tls {

Refusal backedOff(unsigned refusedInRow) {
  return {.result = "backed_off",
          .reason = "of the last " + std::to_string(refusedInRow) +
                    " connections from this address none got in; for up to 30 s new ones are closed at once",
          .fix = "see the address's other refusals for what is wrong; once it is mended the device gets in within 30 s"};
}

Refusal tooManyUnauthenticated(std::size_t present) {
  return {.result = "too_many_unauthenticated",
          .reason = "it was closed to make room for others: beside " + std::to_string(present) +
                    " more it was not authenticated yet, and had said nothing for a while",
          .fix = "look for an address that opens connections and does nothing with them; when devices "
                 "need that many at once, raise devices.max_unauthenticated"};
}

Refusal tooLongHandshake(std::string_view problem) {
  return {.result = "protocol",
          .reason = "what came is not a TLS handshake that the gateway accepts: " + std::string{problem},
          .fix = "connect with MQTT over TLS, and offer and send what the handshake needs"};
}

}  // namespace spheregate::tls
