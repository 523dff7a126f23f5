#include "spheregate/identity/admission.hpp"

#include <openssl/x509v3.h>

#include <chrono>
#include <utility>

#include "admission_metrics.hpp"
#include "common_name.hpp"
#include "explain.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "trust_set.hpp"

namespace spheregate::identity {

struct Admission::Inside {
  Inside(ClockFloor& clock, KnownDevices& devices, metrics::Registry& registry) : time{clock}, known{devices}, metrics{registry} {}

  void use(std::shared_ptr<const TrustSet> next);
  Circumstances circumstances(const TenantCa* issuer) const;
  // Of a device whose certificate says `name`, or that is connected under it.
  Judgement judgeLists(const std::string& name) const;
  Judgement judgeName(X509& leaf) const;
  Judgement judgeExpired(X509& leaf, const TrustSet::Issuer& issuer) const;

  ClockFloor& time;
  KnownDevices& known;
  AdmissionMetrics metrics;
  std::shared_ptr<const TrustSet> trust;
  IdList deniedToo;  // at run time
};

void Admission::Inside::use(std::shared_ptr<const TrustSet> next) {
  trust = std::move(next);
  metrics.show(trust->tenantCas);
}

Circumstances Admission::Inside::circumstances(const TenantCa* issuer) const {
  return {.issuer = issuer,
          .pinnedCas = trust->tenantCas.size(),
          .nowSeconds = std::chrono::system_clock::to_time_t(time.wall())};
}

Judgement Admission::Inside::judgeLists(const std::string& name) const {
  if (trust->denied.contains(name)) {
    return refused(Refusal::denied, X509_V_ERR_CERT_REJECTED, "the device is on the deny list",
                   "take it off the file devices.deny_file if it should connect again");
  }
  if (deniedToo.contains(name)) {
    return refused(Refusal::denied, X509_V_ERR_CERT_REJECTED, "the device is on the deny list of the gateway's twin",
                   "take it off the desired property spheregate.denyList if it should connect again");
  }
  if (trust->allowed && !trust->allowed->contains(name)) {
    return refused(Refusal::notAllowed, X509_V_ERR_CERT_REJECTED, "the device is not on the allow list",
                   "add it to the file devices.allow_file if it belongs here");
  }
  Judgement admitted;
  admitted.refusal = Refusal::none;
  admitted.deviceId = name;
  return admitted;
}

Judgement Admission::Inside::judgeName(X509& leaf) const {
  NameFinding found = readCommonName(leaf, trust->settings.nameRule);
  if (found.refusal != Refusal::none) {
    return refused(found.refusal, X509_V_ERR_CERT_REJECTED, std::move(found.reason), std::move(found.fix));
  }
  return judgeLists(found.name);
}

Judgement Admission::Inside::judgeExpired(X509& leaf, const TrustSet::Issuer& issuer) const {
  const Circumstances now = circumstances(&trust->tenantCas[issuer.index]);
  const std::int64_t expired = now.nowSeconds - x509::unixSeconds(*X509_get0_notAfter(&leaf));
  const std::int64_t grace = std::chrono::duration_cast<std::chrono::seconds>(trust->settings.expiredGrace).count();
  if (expired > grace || issuer.finding.leafFaults != 1) return explainLeafFault(leaf, issuer.finding.leafFault, now);
  Judgement judgement = judgeName(leaf);
  if (judgement.refusal != Refusal::none) return judgement;
  if (!known.knows(judgement.deviceId)) return explainLeafFault(leaf, issuer.finding.leafFault, now);
  judgement.expiredSeconds = expired;
  judgement.graceLeftSeconds = grace - expired;
  return judgement;
}

base::Explained<std::unique_ptr<Admission>> Admission::load(const Settings& settings, ClockFloor& time, KnownDevices& known,
                                                            metrics::Registry& metrics) {
  using Made = std::unique_ptr<Admission>;
  auto trust = readTrustSet(settings, time.wall());
  if (!trust) return base::failed<Made>(trust.error());
  auto inside = std::make_unique<Inside>(time, known, metrics);
  inside->use(std::move(*trust));
  return Made{new Admission{std::move(inside)}};
}

Admission::Admission(std::unique_ptr<Inside> inside) : inside_{std::move(inside)} {}
Admission::~Admission() = default;

base::Explained<void> Admission::reload(const Settings& settings) {
  auto trust = readTrustSet(settings, inside_->time.wall());
  if (!trust) return base::failed<void>(trust.error());
  inside_->use(std::move(*trust));
  return {};
}

void Admission::denyAlso(const std::vector<std::string>& ids) { inside_->deniedToo = IdList{ids.begin(), ids.end()}; }

std::vector<TenantCa> Admission::tenantCas() const {
  std::vector<TenantCa> cas = inside_->trust->tenantCas;
  for (TenantCa& ca : cas) ca.devicesSeen = inside_->known.seenBy(ca.sha256);
  return cas;
}

std::vector<Crl> Admission::crls() const { return {}; }

const ClockFloor& Admission::time() const { return inside_->time; }

Judgement Admission::judge(X509& leaf) {
  const x509::ErrorQueueMark mark;
  // OpenSSL answers questions about purpose and CA wrongly when it cannot read the extensions, so they come first.
  if ((X509_get_extension_flags(&leaf) & EXFLAG_INVALID) != 0) return explainUnreadable();
  const TrustSet& trust = *inside_->trust;
  const TrustSet::Issuer issuer = trust.issuerOf(leaf, inside_->time.wall());
  const Finding& finding = issuer.finding;
  const TenantCa& ca = trust.tenantCas[issuer.index];
  const Circumstances circumstances = inside_->circumstances(&ca);
  if (finding.match != Finding::Match::issuer) return explainUnsigned(finding.match, circumstances);
  if (X509_check_ca(&leaf) != 0) return explainCaAsLeaf();
  // The CA comes first: as long as it is outside its validity, a new leaf does not help.
  if (finding.caFault != X509_V_OK) return explainCaFault(finding.caFault, circumstances);
  Judgement judgement;
  if (finding.leafFault == X509_V_OK) judgement = inside_->judgeName(leaf);
  else if (finding.leafFault == X509_V_ERR_CERT_HAS_EXPIRED) judgement = inside_->judgeExpired(leaf, issuer);
  else judgement = explainLeafFault(leaf, finding.leafFault, circumstances);
  if (judgement.refusal == Refusal::none) {
    judgement.x509Error = X509_V_OK;
    judgement.caSha256 = ca.sha256;
  }
  return judgement;
}

void Admission::arrived(const Admitted& admitted) {
  Inside& in = *inside_;
  const std::int64_t now = in.circumstances(nullptr).nowSeconds;
  if (now <= admitted.notAfterSeconds) {
    in.known.seen(admitted.deviceId, admitted.caSha256, now);
    in.time.confirm();
    return;
  }
  in.metrics.admittedInGrace.add();
  const std::int64_t end = admitted.notAfterSeconds + std::chrono::duration_cast<std::chrono::seconds>(in.trust->settings.expiredGrace).count();
  base::logWarn("device admitted in grace", {{"cn", admitted.deviceId},
                                             {"serial", admitted.serial},
                                             {"expired", x509::timeText(admitted.notAfterSeconds)},
                                             {"grace_left", x509::spanText(end > now ? end - now : 0)}});
}

Judgement Admission::judgeAgain(const Admitted& admitted) const {
  const Inside& in = *inside_;
  const TenantCa* ca = in.trust->find(admitted.caSha256);
  const Circumstances circumstances = in.circumstances(ca);
  if (!ca) {
    return refused(Refusal::unknownCa, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                   "the tenant CA that issued its certificate is no longer in devices.tenant_ca",
                   "put the CA back if the device belongs here, or let the device fetch a certificate of a CA that is there");
  }
  const NameFinding name = checkDeviceId(admitted.deviceId, in.trust->settings.nameRule);
  if (name.refusal != Refusal::none) return refused(name.refusal, X509_V_ERR_CERT_REJECTED, name.reason, name.fix);
  Judgement judgement = in.judgeLists(admitted.deviceId);
  if (judgement.refusal != Refusal::none) return judgement;
  if (in.trust->settings.expiredSession == ExpiredSession::end) {
    const std::int64_t grace = std::chrono::duration_cast<std::chrono::seconds>(in.trust->settings.expiredGrace).count();
    if (circumstances.nowSeconds > ca->notAfterSeconds) return explainCaFault(X509_V_ERR_CERT_HAS_EXPIRED, circumstances);
    if (circumstances.nowSeconds > admitted.notAfterSeconds + grace) return explainSessionEnd(admitted.notAfterSeconds, grace, circumstances);
  }
  judgement.x509Error = X509_V_OK;
  judgement.caSha256 = admitted.caSha256;
  return judgement;
}

}  // namespace spheregate::identity
