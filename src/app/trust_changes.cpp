#include "trust_changes.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "spheregate/base/log.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::app {
namespace {

using Cas = std::vector<identity::TenantCa>;

// A system's store has more, and is nobody's work here.
constexpr std::size_t kOwnRootsMax = 8;

bool has(const Cas& cas, const identity::TenantCa& one) {
  return std::any_of(cas.begin(), cas.end(), [&](const identity::TenantCa& other) { return other.sha256 == one.sha256; });
}

void tell(const char* event, const identity::TenantCa& ca) {
  base::logInfo(event, {{"file", ca.file},
                        {"subject", ca.subject},
                        {"tenant_id", ca.tenantId},
                        {"sha256", ca.sha256},
                        {"not_after", x509::timeText(ca.notAfterSeconds)},
                        {"devices_seen", ca.devicesSeen}});
}

// Of a file that is read anew whenever it is needed; what cannot be read is told by who needs it.
void addFile(const std::filesystem::path& file, const char* what, const char* fix, std::vector<Dated>& dates) {
  const auto certificates = x509::readCertificates(file);
  if (!certificates || certificates->size() > kOwnRootsMax) return;
  for (const x509::CertificateHandle& certificate : *certificates) {
    dates.push_back({.label = x509::sha256(*certificate),
                     .what = what,
                     .name = x509::nameText(*X509_get_subject_name(certificate.get())),
                     .file = file.string(),
                     .beginsSeconds = x509::unixSeconds(*X509_get0_notBefore(certificate.get())),
                     .endsSeconds = x509::unixSeconds(*X509_get0_notAfter(certificate.get())),
                     .fix = fix});
  }
}

// The first of a file is who it is of; what follows are its issuers, which nobody here can renew.
void addOfListener(const std::filesystem::path& file, std::vector<Dated>& dates) {
  std::vector<Dated> all;
  addFile(file, "certificate of the HTTP listener", "write a new certificate and key there; they are taken without a restart", all);
  if (!all.empty()) dates.push_back(std::move(all.front()));
}

}  // namespace

void tellTrustChanges(const Cas& before, const Cas& after) {
  for (const identity::TenantCa& ca : after) {
    if (!has(before, ca)) tell("tenant CA added", ca);
  }
  for (const identity::TenantCa& ca : before) {
    if (!has(after, ca)) tell("tenant CA removed", ca);
  }
}

void SeenByCa::show(const identity::Admission& admission, metrics::Registry& metrics) {
  constexpr const char* name = "devices_seen_by_ca";
  std::set<std::string> shown;
  for (const identity::TenantCa& ca : admission.tenantCas()) {
    metrics.gauge(name, "Devices whose latest valid certificate is of this tenant CA, by its SHA-256.", {{"ca", ca.sha256}})
        .set(static_cast<double>(ca.devicesSeen));
    // Of a CA with which nobody has come yet, 0.
    metrics.gauge("devices_by_ca", "Devices connected now, by the SHA-256 of the tenant CA that vouched for them.", {{"ca", ca.sha256}});
    shown.insert(ca.sha256);
  }
  for (const std::string& ca : shown_) {
    if (!shown.contains(ca)) metrics.withdrawGauge(name, {{"ca", ca}});
  }
  shown_ = std::move(shown);
}

std::vector<Dated> datesOf(const config::Config& inForce, const tls::Listener& listener, const identity::Admission& admission) {
  std::vector<Dated> dates;
  const tls::CertificateFacts& server = listener.certificate().facts;
  dates.push_back({.label = "server",
                   .what = "server certificate",
                   .name = "CN=" + server.commonName,
                   .file = inForce.listener.certificate.string(),
                   .beginsSeconds = server.notBeforeSeconds,
                   .endsSeconds = server.notAfterSeconds,
                   .fix = "write a new certificate there; devices refuse a gateway whose certificate has expired"});
  for (const identity::TenantCa& ca : admission.tenantCas()) {
    dates.push_back({.label = ca.sha256,
                     .what = "tenant CA",
                     .name = ca.subject,
                     .file = ca.file,
                     .beginsSeconds = ca.notBeforeSeconds,
                     .endsSeconds = ca.notAfterSeconds,
                     .fix = "download the tenant's current CA, put it beside this one, and remove this one when its devices have moved"});
  }
  for (const identity::Crl& crl : admission.crls()) {
    if (crl.nextUpdateSeconds == 0) continue;
    dates.push_back({.label = "crl " + crl.caSha256,
                     .what = "revocation list",
                     .name = "of " + crl.caFile,
                     .file = crl.file,
                     .beginsSeconds = crl.thisUpdateSeconds,
                     .endsSeconds = crl.nextUpdateSeconds,
                     .fix = "download the CA's next revocation list to that place"});
  }
  if (inForce.upstream.auth.type == upstream::AuthType::gatewayX509) {
    addFile(inForce.upstream.auth.certificate, "certificate of the gateway at the hub",
            "write a new certificate and key there; they are read at each connection", dates);
  }
  // Where it is the one that devices see, it is above.
  if (!inForce.http.certificate.empty() && inForce.http.certificate != inForce.listener.certificate) addOfListener(inForce.http.certificate, dates);
  if (!inForce.connector.ca.empty()) {
    addFile(inForce.connector.ca, "root of the hub", "put the hub's current root into upstream.ca and restart the gateway", dates);
  }
  return dates;
}

}  // namespace spheregate::app
