#include "shown_chain.hpp"

#include <chrono>
#include <utility>

#include "spheregate/pki/authority.hpp"
#include "spheregate/x509/certificate_file.hpp"

namespace spheregate::checkup {

namespace {

// What the gateway's own authority gives to devices.
base::Explained<Chain> exportedBy(const std::filesystem::path& directory) {
  const auto authority = pki::Authority::open(directory);
  if (!authority) return base::failed<Chain>(authority.error());
  const auto text = authority->exported(std::chrono::system_clock::now());
  if (!text) return base::failed<Chain>(text.error());
  return x509::certificatesOfAnyKind(*text);
}

}  // namespace

Roots trustedRoots(const Subject& subject) {
  Roots roots;
  const bool named = !subject.root.empty();
  roots.given = named || !subject.config.authority.empty();
  auto read = named         ? x509::readCertificates(subject.root)
              : roots.given ? exportedBy(subject.config.authority)
                            : x509::readCertificates(subject.config.listener.certificate);
  if (!read) {
    if (roots.given) roots.problem = read.error();
    return roots;
  }
  for (auto& certificate : *read) {
    if (roots.given || selfSigned(*certificate)) roots.certificates.push_back(std::move(certificate));
  }
  return roots;
}

}  // namespace spheregate::checkup
