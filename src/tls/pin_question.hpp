#pragma once

#include <openssl/ui.h>

#include <string>

namespace spheregate::tls {

// How a library asks for a PIN through OpenSSL, and what it is answered. Nobody ever asks a terminal.
struct PinQuestion {
  std::string pin;     // empty: there is none, and the question fails
  bool asked = false;
};

// To be given with a PinQuestion as its data. Lives as long as the process.
const UI_METHOD& pinMethod();

}  // namespace spheregate::tls
