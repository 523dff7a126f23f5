#include "shown_chain.hpp"

#include <utility>

#include "spheregate/x509/certificate_file.hpp"

namespace spheregate::checkup {

Roots trustedRoots(const Subject& subject) {
  Roots roots;
  const bool given = !subject.root.empty();
  auto read = x509::readCertificates(given ? subject.root : subject.config.listener.certificate);
  roots.given = given;
  if (!read) {
    if (given) roots.problem = read.error();
    return roots;
  }
  for (auto& certificate : *read) {
    if (given || selfSigned(*certificate)) roots.certificates.push_back(std::move(certificate));
  }
  return roots;
}

}  // namespace spheregate::checkup
