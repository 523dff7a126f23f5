#include "spheregate/pki/tenant_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "spheregate/pki/whole_file.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::pki {
namespace {

namespace fs = std::filesystem;
using Paths = std::vector<fs::path>;

// Enough that nobody removes a CA by chance, short enough to type.
constexpr std::size_t kFingerprintLeast = 4;
constexpr std::size_t kFingerprintInName = 16;

TenantCaFacts factsOf(X509& certificate, fs::path file) {
  const X509_NAME& subject = *X509_get_subject_name(&certificate);
  return {std::move(file),
          x509::nameText(subject),
          x509::guidAtEnd(subject),
          x509::sha256(certificate),
          x509::sha1(certificate),
          x509::unixSeconds(*X509_get0_notBefore(&certificate)),
          x509::unixSeconds(*X509_get0_notAfter(&certificate))};
}

std::string nameFor(const TenantCaFacts& facts) {
  return (facts.tenantId.empty() ? "ca" : facts.tenantId) + "-" + facts.sha256.substr(0, kFingerprintInName) + ".pem";
}

// As people copy them from tools: `AB:CD…`, with blanks. Empty when it is no part of a fingerprint.
std::string plainFingerprint(const std::string& text) {
  std::string plain;
  for (const char c : text) {
    if (c == ':' || c == ' ') continue;
    if (std::isxdigit(static_cast<unsigned char>(c)) == 0) return {};
    plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return plain;
}

bool isCertificateFile(const fs::directory_entry& entry) {
  constexpr std::array<std::string_view, 4> endings{".pem", ".cer", ".crt", ".der"};
  std::error_code error;
  std::string ending = entry.path().extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return !entry.path().filename().string().starts_with('.') && entry.is_regular_file(error) &&
         std::find(endings.begin(), endings.end(), ending) != endings.end();
}

}  // namespace

base::Explained<Paths> TenantFolder::files() const {
  std::error_code error;
  if (fs::is_regular_file(directory_, error)) {
    return base::failed<Paths>(directory_.string() +
                               ": is a file; let devices.tenant_ca name a directory, and move the file there");
  }
  Paths found;
  if (!fs::exists(directory_, error) && !error) return found;
  fs::directory_iterator entries{directory_, error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    if (isCertificateFile(*entries)) found.push_back(entries->path());
  }
  if (error)
    return base::failed<Paths>(directory_.string() + ": cannot be listed (" + error.message() + "); check its permissions");
  std::sort(found.begin(), found.end());
  return found;
}

base::Explained<TenantFolder::Listing> TenantFolder::list() const {
  const auto paths = files();
  if (!paths) return base::failed<Listing>(paths.error());
  Listing listing;
  for (const fs::path& file : *paths) {
    const auto certificates = x509::readCertificates(file);
    if (!certificates) {
      listing.faults.push_back(certificates.error());
      continue;
    }
    for (const x509::CertificateHandle& one : *certificates) listing.cas.push_back(factsOf(*one, file));
  }
  return listing;
}

base::Explained<std::vector<TenantFolder::Added>> TenantFolder::add(const std::vector<x509::CertificateHandle>& cas) const {
  using All = std::vector<Added>;
  const auto before = list();
  if (!before) return base::failed<All>(before.error());
  if (::mkdir(directory_.c_str(), 0755) != 0 && errno != EEXIST) {
    return base::failed<All>(directory_.string() + ": cannot be made (" + std::strerror(errno) +
                             "); run it as a user who may write there, for example with sudo");
  }
  All added;
  for (const x509::CertificateHandle& ca : cas) {
    TenantCaFacts facts = factsOf(*ca, {});
    const auto there = std::find_if(before->cas.begin(), before->cas.end(),
                                    [&](const TenantCaFacts& one) { return one.sha256 == facts.sha256; });
    if (there != before->cas.end()) {
      added.push_back({*there, true});
      continue;
    }
    facts.file = directory_ / nameFor(facts);
    const auto written = writeWhole(facts.file, x509::pemText(*ca), kPublicMode);
    if (!written) return base::failed<All>(written.error());
    added.push_back({std::move(facts), false});
  }
  return added;
}

base::Explained<TenantCaFacts> TenantFolder::remove(const std::string& fingerprint) const {
  const std::string wanted = plainFingerprint(fingerprint);
  if (wanted.size() < kFingerprintLeast) {
    return base::failed<TenantCaFacts>(
        "`" + fingerprint.substr(0, 80) +
        "` is not a fingerprint; give the SHA-256 that `spheregate tenant list` shows, or at least its first 4 digits");
  }
  const auto listing = list();
  if (!listing) return base::failed<TenantCaFacts>(listing.error());
  const TenantCaFacts* found = nullptr;
  Paths places;
  for (const TenantCaFacts& one : listing->cas) {
    if (!one.sha256.starts_with(wanted) && !one.sha1.starts_with(wanted)) continue;
    if (found && found->sha256 != one.sha256) {
      return base::failed<TenantCaFacts>(wanted + " fits more than one CA: " + found->sha256 + " and " + one.sha256 +
                                         "; give more digits");
    }
    found = &one;
    places.push_back(one.file);
  }
  if (!found) {
    return base::failed<TenantCaFacts>("no CA in " + directory_.string() + " has the fingerprint " + wanted +
                                       "; `spheregate tenant list` shows those there are");
  }
  // A CA that stands in two files would stay by the other.
  places.erase(std::unique(places.begin(), places.end()), places.end());
  for (const fs::path& file : places) {
    const auto certificates = x509::readCertificates(file);
    if (!certificates) return base::failed<TenantCaFacts>(certificates.error());
    std::string rest;
    for (const x509::CertificateHandle& one : *certificates) {
      if (x509::sha256(*one) != found->sha256) rest += x509::pemText(*one);
    }
    const auto done = rest.empty() ? removeFile(file) : writeWhole(file, rest, kPublicMode);
    if (!done) return base::failed<TenantCaFacts>(done.error());
  }
  return *found;
}

}  // namespace spheregate::pki
