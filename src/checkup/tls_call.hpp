#pragma once

#include <cstdint>
#include <string>

#include "certificate_reading.hpp"

namespace spheregate::checkup {

// One TLS connection to somebody, verified by nobody: to see what is shown, and what is answered.
struct Call {
  std::string host;  // name or address
  std::uint16_t port = 0;
  std::string serverName;     // empty: no SNI
  int versionMin = 0;         // TLS1_2_VERSION, …; 0: what OpenSSL likes
  int versionMax = 0;
  X509* certificate = nullptr;  // shown when asked for, with its key
  EVP_PKEY* key = nullptr;
};

struct Heard {
  std::string problem;  // resolve, TCP or a silent end: a sentence; empty when TLS was spoken
  bool unresolved = false;  // the host has no address here
  Chain chain;          // as the other side sent it
  std::string leafIssuer;
  std::string version;  // TLSv1.2, …; empty when it never came to that
  std::string cipher;
  int alert = -1;       // the number of the alert that ended it; -1: none came
  std::string ending;   // what OpenSSL says
  bool stood = false;   // after our last flight the other side went on with the connection
};

// Blocks for a few seconds at most.
Heard callTls(const Call& call);

}  // namespace spheregate::checkup
