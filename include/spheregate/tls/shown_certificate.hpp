#pragma once

#include <string>
#include <vector>

#include "spheregate/tls/verdict.hpp"

namespace spheregate::tls {

// The certificate that the gateway shows to devices, for logs, status pages and checks.
struct ShownCertificate {
  CertificateFacts facts;
  // What devices may dial: the host names and IP addresses of its subject alternative names, as text.
  std::vector<std::string> names;
};

}  // namespace spheregate::tls
