#include "spheregate/identity/admission.hpp"

#include <openssl/x509v3.h>

#include <utility>

#include "admission_inside.hpp"
#include "common_name.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::identity {

base::Explained<std::unique_ptr<Admission>> Admission::load(const Settings& settings, ClockFloor& time, KnownDevices& known,
                                                            metrics::Registry& metrics) {
  using Made = std::unique_ptr<Admission>;
  auto trust = readTrustSet(settings, time.wall());
  if (!trust) return base::failed<Made>(trust.error());
  auto inside = std::make_shared<Inside>(time, known, metrics);
  inside->use(std::move(*trust));
  return Made{new Admission{std::move(inside)}};
}

Admission::Admission(std::shared_ptr<Inside> inside) : inside_{std::move(inside)} {}
Admission::~Admission() = default;

base::Explained<void> Admission::reload(const Settings& settings) {
  auto trust = readTrustSet(settings, inside_->time.wall());
  if (!trust) return base::failed<void>(trust.error());
  inside_->use(std::move(*trust));
  return {};
}

void Admission::denyAlso(const std::vector<std::string>& ids) { inside_->deniedToo = IdList{ids.begin(), ids.end()}; }

std::vector<TenantCa> Admission::tenantCas() const { return inside_->tenantCas(); }

std::vector<Crl> Admission::crls() const { return inside_->trust->revocations.lists(); }

const ClockFloor& Admission::time() const { return inside_->time; }

Judgement Admission::judge(X509& leaf) {
  const x509::ErrorQueueMark mark;
  Inside& in = *inside_;
  // OpenSSL answers questions about purpose and CA wrongly when it cannot read the extensions, so they come first.
  if ((X509_get_extension_flags(&leaf) & EXFLAG_INVALID) != 0) return explainUnreadable();
  std::string certificate = x509::sha256(leaf);
  // Without memory there is no digest, and what was found of one certificate must not be said of another.
  if (certificate.empty()) return explainUnreadable();
  const base::MonoTime now = in.time.now();
  const base::WallTime judgedBy = in.time.wall();
  const std::int64_t seconds = std::chrono::system_clock::to_time_t(judgedBy);
  if (const TrustSet::Issuer* recalled = in.findings.find(certificate, now, seconds)) return in.judge(leaf, *recalled);
  const TrustSet::Issuer issuer = in.trust->issuerOf(leaf, judgedBy);
  // A stranger costs no signature check.
  if (issuer.finding.match != Finding::Match::stranger) {
    in.metrics.checked.add();
    in.findings.remember(std::move(certificate), leaf, *in.trust, issuer, now, seconds);
  }
  return in.judge(leaf, issuer);
}

void Admission::arrived(const Admitted& admitted) {
  Inside& in = *inside_;
  const std::int64_t now = in.nowSeconds();
  if (now < admitted.notAfterSeconds) {
    in.known.seen(admitted.deviceId, admitted.caSha256, now);
    in.time.confirm();
    return;
  }
  in.metrics.admittedInGrace.add();
  in.graceLog.tell(admitted, now, admitted.notAfterSeconds + in.trust->graceSeconds(), in.time.now());
}

Judgement Admission::judgeAgain(const Admitted& admitted) const {
  const x509::ErrorQueueMark mark;
  const Inside& in = *inside_;
  const auto ca = in.issuerAgain(admitted.caSha256);
  if (!ca) {
    return refused(Refusal::unknownCa, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                   "the tenant CA that issued its certificate is no longer in devices.tenant_ca",
                   "put the CA back if the device belongs here, or let the device fetch a certificate of a CA that is there");
  }
  const NameFinding name = checkDeviceId(admitted.deviceId, in.trust->settings.nameRule);
  if (name.refusal != Refusal::none) return refused(name.refusal, X509_V_ERR_CERT_REJECTED, name.reason, name.fix);
  Judgement judgement = in.judgeId(admitted.deviceId);
  if (judgement.refusal != Refusal::none) return judgement;
  judgement = in.judgeSerialAgain(*ca, admitted.serial);
  if (judgement.refusal != Refusal::none) return judgement;
  if (in.trust->settings.expiredSession == ExpiredSession::end) {
    const TenantCa& issuer = in.trust->tenantCas[*ca];
    const Circumstances now = in.circumstances(&issuer);
    const std::int64_t grace = in.trust->graceSeconds();
    if (over(issuer.notAfterSeconds, 0, now.nowSeconds)) return explainCaFault(X509_V_ERR_CERT_HAS_EXPIRED, now);
    if (over(admitted.notAfterSeconds, grace, now.nowSeconds)) return explainSessionEnd(admitted.notAfterSeconds, grace, now);
  }
  judgement.x509Error = X509_V_OK;
  judgement.deviceId = admitted.deviceId;
  judgement.caSha256 = admitted.caSha256;
  return judgement;
}

}  // namespace spheregate::identity
