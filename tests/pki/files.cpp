#include "pki/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace spheregate::testpki {
namespace {

void write(const std::filesystem::path& file, std::string_view content, mode_t mode) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
  if (descriptor < 0) throw std::system_error{errno, std::generic_category(), file.string()};
  const ssize_t written = ::write(descriptor, content.data(), content.size());
  const int error = errno;
  ::close(descriptor);
  if (written != static_cast<ssize_t>(content.size())) throw std::system_error{error, std::generic_category(), file.string()};
}

std::filesystem::path withEnding(std::filesystem::path stem, const char* ending) { return stem += ending; }

}  // namespace

void writeFile(const std::filesystem::path& file, std::string_view content) { write(file, content, 0644); }

void writeSecret(const std::filesystem::path& file, std::string_view content) { write(file, content, 0600); }

void writePair(const std::filesystem::path& stem, const Issued& issued, const std::vector<Certificate>& issuers) {
  std::string chain = pem(*issued.certificate);
  for (const Certificate& issuer : issuers) chain += pem(*issuer);
  writeFile(withEnding(stem, ".pem"), chain);
  writeSecret(withEnding(stem, ".key"), pem(*issued.key));
}

}  // namespace spheregate::testpki
