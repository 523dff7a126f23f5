#pragma once

#include <string>

#include "openssl.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/tls/key_name.hpp"

namespace spheregate::tls {

// The private key of that name, see `keyName`. A key in a token stays there: what comes back asks the token for each signature,
// which holds the thread up meanwhile. The error names the file, package, module, token or object, and what to do.
base::Explained<x509::PrivateKeyHandle> readPrivateKey(const std::string& name);

// Of the two kinds of token. `pin` is empty when the name gives none. Core thread only.
base::Explained<x509::PrivateKeyHandle> pkcs11Key(const KeyName& name, const std::string& pin);
base::Explained<x509::PrivateKeyHandle> tpmKey(const KeyName& name, const std::string& pin);

}  // namespace spheregate::tls
