#include "spheregate/x509/certificate_file.hpp"

#include <string>

#include "certificate_content.hpp"
#include "spheregate/x509/file_content.hpp"

namespace spheregate::x509 {
namespace {

using Certificates = std::vector<CertificateHandle>;

base::Explained<Certificates> ofFile(const std::filesystem::path& file, Container container) {
  const base::Explained<std::string> content = fileContent(file);
  if (!content) return base::failed<Certificates>(content.error());
  const ErrorQueueMark mark;
  base::Explained<Certificates> certificates = certificatesOf(*content, container);
  if (!certificates) return base::failed<Certificates>(file.string() + ": " + certificates.error());
  return certificates;
}

}  // namespace

base::Explained<std::vector<CertificateHandle>> readCertificates(const std::filesystem::path& file) {
  return ofFile(file, Container::refused);
}

base::Explained<std::vector<CertificateHandle>> readCertificatesOfAnyKind(const std::filesystem::path& file) {
  return ofFile(file, Container::opened);
}

base::Explained<std::vector<CertificateHandle>> certificatesOfAnyKind(std::string_view content) {
  const ErrorQueueMark mark;
  return certificatesOf(content, Container::opened);
}

}  // namespace spheregate::x509
