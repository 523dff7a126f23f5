#pragma once

#include <openssl/x509.h>

#include <string>
#include <string_view>

#include "spheregate/identity/admission.hpp"
#include "spheregate/identity/settings.hpp"

namespace spheregate::identity {

// What is wrong with a name, or the name itself. `refusal` is none when nothing is wrong.
struct NameFinding {
  Refusal refusal = Refusal::none;
  std::string name;
  std::string reason;
  std::string fix;
};

// The only common name of a certificate, read in full. Bytes after a NUL, a second name, or characters that look the same in
// another encoding never make another device of it.
NameFinding readCommonName(X509& certificate, NameRule rule);

// Whether `text` is a device id under the rule.
NameFinding checkDeviceId(std::string_view text, NameRule rule);

}  // namespace spheregate::identity
