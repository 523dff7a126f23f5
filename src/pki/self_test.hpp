#pragma once

#include <openssl/x509.h>

#include <string>

#include "spheregate/pki/tenant_choice.hpp"

namespace spheregate::pki {

// Why the daemon could not judge devices by this CA; empty when it can. `C=US, … CN=… ` begins the sentence, the fix ends it.
std::string selfTest(X509& ca, const ImportRules& rules);

}  // namespace spheregate::pki
