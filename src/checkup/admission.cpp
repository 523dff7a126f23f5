#include <openssl/x509v3.h>

#include <algorithm>
#include <map>
#include <string>

#include "certificate_reading.hpp"
#include "items.hpp"
#include "trial.hpp"
#include "spheregate/x509/certificate_file.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::checkup {
namespace {

constexpr std::int64_t kDay = 86'400;
constexpr std::int64_t kSoon = 30 * kDay;
constexpr const char* kNextCa =
    "download the tenant's next CA with `az sphere ca-certificate download` and put it beside this one; devices change over by themselves";

// Only the CAs, so that each of the other files is blamed at its own item.
identity::Settings casAlone(identity::Settings settings) {
  settings.denyFile.clear();
  settings.allowFile.clear();
  settings.crl.clear();
  settings.crlPolicy = identity::CrlPolicy::off;
  return settings;
}

void lookAtAnchor(X509& certificate, const identity::TenantCa& ca, const Subject& subject, Report& report) {
  const std::string fault = outOfValidity(certificate, secondsNow());
  if (!fault.empty()) {
    report.fail("the tenant CA " + subjectOf(certificate) + " " + fault, ca.file,
                "put the tenant's current CA beside it, or correct the clock of this machine with `timedatectl`");
  } else if (until(certificate) - secondsNow() < kSoon) {
    report.warn("the tenant CA " + subjectOf(certificate) + " expires in " + x509::spanText(until(certificate) - secondsNow()) + ", at " +
                    x509::timeText(until(certificate)),
                ca.file, kNextCa);
  }
  if (subject.config.identity.nameRule == identity::NameRule::sphere && ca.tenantId.empty()) {
    report.fail("the CA " + subjectOf(certificate) + " has no tenant id in its name: it is a root or policy CA, and " +
                    "pinning it lets in the devices of other tenants",
                ca.file, "remove it, and put the tenant's own CA there: the last one of the chain that `az sphere` downloads");
  }
}

// The certificates of the file that the admission took the CA from.
x509::CertificateHandle certificateOf(const identity::TenantCa& ca) {
  auto all = x509::readCertificates(ca.file);
  if (!all) return nullptr;
  for (auto& one : *all) {
    if (x509::sha256(*one) == ca.sha256) return std::move(one);
  }
  return nullptr;
}

std::string summary(const std::vector<identity::TenantCa>& cas) {
  std::map<std::string, int> bySubject;
  for (const auto& ca : cas) ++bySubject[ca.subject];
  const bool rotation = std::any_of(bySubject.begin(), bySubject.end(), [](const auto& one) { return one.second > 1; });
  std::string text = std::to_string(cas.size()) + (cas.size() == 1 ? " CA" : " CAs");
  for (const auto& ca : cas) {
    text += ", " + (ca.tenantId.empty() ? ca.subject : ca.tenantId) + " until " + x509::timeText(ca.notAfterSeconds).substr(0, 10);
  }
  return text + (rotation ? "; two of one name, as during a rotation" : "");
}

constexpr const char* kFetch = "get the CA's current list and put it in the place of the old one; the gateway notices";

void lookAtCrlOf(const identity::TenantCa& ca, const std::vector<identity::Crl>& lists, identity::CrlPolicy policy, Report& report) {
  const bool required = policy == identity::CrlPolicy::require;
  const auto found = std::find_if(lists.begin(), lists.end(), [&](const identity::Crl& one) { return one.caSha256 == ca.sha256; });
  if (found == lists.end()) {
    const std::string what = "no list of the tenant CA `" + ca.subject + "`";
    if (required) report.fail(what + ", so all its devices are refused (devices.crl_policy is require)", ca.file, kFetch);
    return;
  }
  const std::int64_t late = secondsNow() - found->nextUpdateSeconds;
  if (found->nextUpdateSeconds == 0 || late <= 0) return;
  const std::string what = "the list of `" + ca.subject + "` is stale: its next update was due " + x509::spanText(late) + " ago, at " +
                           x509::timeText(found->nextUpdateSeconds);
  if (required)
    report.fail(what + ", so all its devices are refused (devices.crl_policy is require)", found->file, kFetch);
  else
    report.warn(what + "; it is obeyed all the same", found->file, kFetch);
}

void lookAtList(const Subject& subject, const char* key, const std::filesystem::path& file, identity::Settings settings, Report& report) {
  if (file.empty()) return;
  const Trial loaded{settings, subject.released};
  if (!loaded && loaded.error().find(file.string()) == 0) return report.failed(loaded.error(), file.string());
  if (!loaded) return report.skip("cannot be judged before the tenant CAs can be read", file.string());
  report.pass(std::string{key} + " can be read, and every line is a device id", file.string());
}

}  // namespace

Findings lookAtTenantCas(const Subject& subject) {
  Report report{"tenant ca"};
  const Trial loaded{casAlone(subject.config.identity), subject.released};
  if (!loaded) {
    report.failed(loaded.error(), subject.config.identity.tenantCa.string());
    return report.take();
  }
  const auto cas = (*loaded).tenantCas();
  for (const identity::TenantCa& ca : cas) {
    const x509::CertificateHandle certificate = certificateOf(ca);
    if (certificate) lookAtAnchor(*certificate, ca, subject, report);
  }
  if (report.empty()) report.pass(summary(cas), subject.config.identity.tenantCa.string());
  return report.take();
}

Findings lookAtLists(const Subject& subject) {
  Report report{"device lists"};
  const identity::Settings& settings = subject.config.identity;
  identity::Settings one = casAlone(settings);
  one.denyFile = settings.denyFile;
  lookAtList(subject, "devices.deny_file", settings.denyFile, one, report);
  one = casAlone(settings);
  one.allowFile = settings.allowFile;
  lookAtList(subject, "devices.allow_file", settings.allowFile, one, report);
  if (report.empty()) report.pass("none: every device of the tenant may connect");
  return report.take();
}

Findings lookAtRevocation(const Subject& subject) {
  Report report{"revocation"};
  const identity::Settings& settings = subject.config.identity;
  const std::string where = settings.crl.string();
  if (settings.crlPolicy == identity::CrlPolicy::off) {
    if (settings.crl.empty())
      report.pass("off: no revocation lists are looked at");
    else
      report.warn("the lists are not looked at, because devices.crl_policy is off", where, "set devices.crl_policy to prefer or require");
    return report.take();
  }
  identity::Settings one = casAlone(settings);
  one.crl = settings.crl;
  one.crlPolicy = settings.crlPolicy;
  const Trial loaded{one, subject.released};
  if (!loaded) {
    report.failed(loaded.error(), where);
    return report.take();
  }
  const auto lists = (*loaded).crls();
  for (const identity::TenantCa& ca : (*loaded).tenantCas()) lookAtCrlOf(ca, lists, settings.crlPolicy, report);
  if (report.empty()) report.pass(std::to_string(lists.size()) + (lists.size() == 1 ? " list in use" : " lists in use") + ", none stale", where);
  return report.take();
}

}  // namespace spheregate::checkup
