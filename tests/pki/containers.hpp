#pragma once

#include <string>
#include <vector>

#include "pki/authorities.hpp"

namespace spheregate::testpki {

// A file as somebody might hand it to `spheregate tenant add`.
struct ImportFile {
  std::string name;
  std::string content;
};

// Tenant A's CA in every form that it is downloaded or passed on in.
std::vector<ImportFile> goodImports(const Authorities& authorities);
// What is handed over by mistake, named after what it is.
std::vector<ImportFile> badImports(const Authorities& authorities, Time now);

// The certificates in this order, as Azure Sphere's tools write them: root, policy CA, tenant CA.
std::string pkcs7Der(const std::vector<Certificate>& certificates);
std::string pkcs7Pem(const std::vector<Certificate>& certificates);

}  // namespace spheregate::testpki
