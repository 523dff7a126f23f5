#pragma once

#include <functional>
#include <string>

#include "spheregate/tls/verdict.hpp"

namespace spheregate::tls {

// Somebody who did not get through the door, or left right behind it because of the certificate that was shown; for whoever keeps
// the record of refusals. Valid during the call.
struct RefusedPeer {
  std::string peer;                    // address and port
  std::string source;                  // what rates are counted by: the address, of IPv6 its first 64 bits
  const char* result = "";             // label of tls_handshakes_total
  std::string reason;                  // a sentence
  std::string fix;                     // a sentence; empty when nothing is to be done
  std::string serverName;              // what the device dialled (SNI), as it was sent, escaped and cut; empty when it sent none
  std::string protocol;                // newest version of TLS that was offered; empty when it never came to that
  const Verdict* verdict = nullptr;    // null when no certificate was shown
};

// Called on the core thread, also for those of whom no line is logged. Must not destroy the listener.
using RefusalSink = std::function<void(const RefusedPeer&)>;

}  // namespace spheregate::tls
