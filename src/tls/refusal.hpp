#pragma once

#include <chrono>
#include <string>

#include "handshake.hpp"
#include "spheregate/tls/settings.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::tls {

// Why somebody did not get in: a label for the metric, and for a person what is wrong and what to do.
struct Refusal {
  const char* result;
  std::string reason;
  std::string fix;
  bool left = false;  // the peer did, of its own will: nothing to tell anybody
};

// The verdict is null when the peer has shown no certificate.
Refusal refusalOf(Handshake::Ending ending, const Outcome& outcome, const Verdict* verdict, const ListenerSettings& settings);

Refusal rateLimited(const ListenerSettings& settings);
Refusal tooManyConnections(const ListenerSettings& settings);

}  // namespace spheregate::tls
