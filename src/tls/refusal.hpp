#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "handshake.hpp"
#include "introduction.hpp"
#include "spheregate/tls/settings.hpp"
#include "spheregate/tls/shown_certificate.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::tls {

// Why somebody did not get in: a label for the metric, and for a person what is wrong and what to do.
struct Refusal {
  const char* result;
  std::string reason;
  std::string fix;
  bool left = false;  // the peer did, of its own will: nothing to tell anybody
  bool ours = false;  // the gateway is to blame, and not the peer
};

// What is known besides the error, for saying why.
struct Situation {
  const ListenerSettings& settings;
  const ShownCertificate& shown;
  const Introduction& introduction;
  SSL& ssl;
  std::int64_t now = 0;  // Unix time
};

// The verdict is null when the peer has shown no certificate.
Refusal refusalOf(Handshake::Ending ending, const Outcome& outcome, const Verdict* verdict, const Situation& situation);

// Of somebody whose handshake was done and who left without having said anything. Left of its own will, unless it seems that it
// did not like what it was shown.
Refusal refusalAfterwards(const Outcome& outcome, const Situation& situation);

Refusal rateLimited(const ListenerSettings& settings);
Refusal tooManyConnections(const ListenerSettings& settings);

}  // namespace spheregate::tls
