#include "tenant_cas.hpp"

#include <openssl/evp.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <utility>

#include "file_set.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::identity {
namespace {

namespace fs = std::filesystem;
using Pinned = std::vector<PinnedCa>;

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

base::Explained<std::vector<fs::path>> candidateFiles(const fs::path& place) {
  using Files = std::vector<fs::path>;
  constexpr const char* download = "; download the tenant CA with `az sphere ca-certificate download` and put it there with `spheregate tenant add`";
  std::error_code error;
  auto files = filesAt(place, {".pem", ".cer", ".crt", ".der"});
  if (!files && !fs::exists(place, error)) return base::failed<Files>(files.error() + download);
  if (files && files->empty()) return base::failed<Files>(place.string() + ": has no *.pem, *.cer, *.crt or *.der file" + download);
  return files;
}

TenantCa factsOf(X509& certificate, const fs::path& file) {
  const X509_NAME& subject = *X509_get_subject_name(&certificate);
  return {.file = file.string(),
          .subject = x509::nameText(subject),
          .tenantId = x509::guidAtEnd(subject),
          .sha256 = x509::sha256(certificate),
          .notBeforeSeconds = x509::unixSeconds(*X509_get0_notBefore(&certificate)),
          .notAfterSeconds = x509::unixSeconds(*X509_get0_notAfter(&certificate))};
}

// Why this certificate cannot be an anchor; empty when it can.
std::string unfit(X509& certificate, const TenantCa& facts, const std::string& tenantId) {
  constexpr int saysCa = 1;  // CA:TRUE, and a key usage that allows to sign certificates if there is one
  constexpr int securityBitsMin = 112;
  const std::string subject = "`" + facts.subject + "`";
  if (X509_check_ca(&certificate) != saysCa) {
    return subject +
           " is not a CA (perhaps the certificate of a device or a server); put the CA that issued the devices' certificates "
           "here";
  }
  if (X509_check_purpose(&certificate, X509_PURPOSE_SSL_CLIENT, 1) != 1) {
    return subject + " may not issue certificates for TLS clients; put the CA that issued the devices' certificates here";
  }
  const EVP_PKEY* key = X509_get0_pubkey(&certificate);
  if (!key || EVP_PKEY_get_security_bits(key) < securityBitsMin) {
    return subject + " has a key that is too weak or unknown; use an elliptic curve key or RSA of at least 2048 bits";
  }
  if (!tenantId.empty() && facts.tenantId != lowered(tenantId)) {
    return subject + " belongs to tenant " + (facts.tenantId.empty() ? std::string{"(none)"} : facts.tenantId) +
           ", devices.tenant_id is " + lowered(tenantId) + "; remove the file or correct devices.tenant_id";
  }
  return {};
}

void warnOutsideValidity(const TenantCa& facts, std::int64_t now) {
  if (now > facts.notAfterSeconds) {
    base::logWarn("tenant CA expired",
                  {{"file", facts.file},
                   {"subject", facts.subject},
                   {"not_after", x509::timeText(facts.notAfterSeconds)},
                   {"fix", "download the tenant's current CA, put it beside this one, then remove this one"}});
  } else if (now < facts.notBeforeSeconds) {
    base::logWarn("tenant CA not yet valid", {{"file", facts.file},
                                              {"subject", facts.subject},
                                              {"not_before", x509::timeText(facts.notBeforeSeconds)},
                                              {"fix", "check the clock of this machine with `timedatectl`"}});
  }
}

}  // namespace

base::Explained<std::vector<PinnedCa>> loadTenantCas(const Settings& settings, base::WallTime now) {
  const x509::ErrorQueueMark mark;
  const auto files = candidateFiles(settings.tenantCa);
  if (!files) return base::failed<Pinned>(files.error());
  Pinned pinned;
  for (const fs::path& file : *files) {
    auto certificates = x509::readCertificates(file);
    if (!certificates) return base::failed<Pinned>(certificates.error());
    for (x509::CertificateHandle& certificate : *certificates) {
      TenantCa facts = factsOf(*certificate, file);
      const std::string why = unfit(*certificate, facts, settings.tenantId);
      if (!why.empty()) return base::failed<Pinned>(file.string() + ": " + why);
      const bool again =
          std::any_of(pinned.begin(), pinned.end(), [&](const PinnedCa& other) { return other.facts.sha256 == facts.sha256; });
      if (again) continue;
      warnOutsideValidity(facts, std::chrono::system_clock::to_time_t(now));
      pinned.push_back({std::move(facts), std::move(certificate)});
    }
  }
  return pinned;
}

}  // namespace spheregate::identity
