#include "admission_inside.hpp"

#include <openssl/bn.h>
#include <openssl/x509v3.h>

#include <utility>

#include "common_name.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::identity {
namespace {

// X.509 allows 20; some issuers take a few more. A longer one could not be told from another in a log line.
constexpr int kSerialBytesMax = 64;

// Of somebody who rotates CAs all day. When they are forgotten, sessions end that might have gone on.
constexpr std::size_t kGoneMax = 1000;

Judgement passed() {
  Judgement judgement;
  judgement.refusal = Refusal::none;
  return judgement;
}

Judgement explainSerial() {
  return refused(Refusal::other, X509_V_ERR_CERT_REJECTED, "its serial number is too long to be looked up in revocation lists",
                 "issue the device's certificate again, with a serial number of at most 20 bytes");
}

}  // namespace

void Admission::Inside::use(std::shared_ptr<const TrustSet> next) {
  for (std::size_t at = 0; trust && at < trust->anchors.size(); ++at) {
    if (gone.size() >= kGoneMax) gone.clear();
    X509& ca = trust->anchors[at].certificate();
    X509_up_ref(&ca);
    gone.insert_or_assign(trust->tenantCas[at].sha256, x509::CertificateHandle{&ca});
  }
  trust = std::move(next);
  std::erase_if(gone, [&](const auto& entry) { return trust->find(entry.first).has_value(); });
  findings.clear();
}

std::optional<std::size_t> Admission::Inside::issuerAgain(const std::string& caSha256) const {
  const auto same = trust->find(caSha256);
  if (same) return same;
  const auto before = gone.find(caSha256);
  if (before == gone.end()) return std::nullopt;
  return trust->findTwin(*before->second);
}

std::vector<TenantCa> Admission::Inside::tenantCas() const {
  std::vector<TenantCa> cas = trust->tenantCas;
  for (TenantCa& ca : cas) ca.devicesSeen = known.seenBy(ca.sha256);
  return cas;
}

std::int64_t Admission::Inside::nowSeconds() const { return std::chrono::system_clock::to_time_t(time.wall()); }

Circumstances Admission::Inside::circumstances(const TenantCa* issuer) const {
  return {.pinned = trust->tenantCas,
          .issuer = issuer,
          .nowSeconds = nowSeconds(),
          .machineSeconds = std::chrono::system_clock::to_time_t(time.machine())};
}

Judgement Admission::Inside::judge(X509& leaf, const TrustSet::Issuer& issuer) const {
  const Finding& finding = issuer.finding;
  const TenantCa& ca = trust->tenantCas[issuer.index];
  const Circumstances now = circumstances(&ca);
  if (finding.match != Finding::Match::issuer) return explainUnsigned(leaf, finding.match, now);
  if (X509_check_ca(&leaf) != 0) return explainCaAsLeaf();
  // The CA comes first: as long as it is outside its validity, a new leaf does not help.
  if (finding.caFault != X509_V_OK) return explainCaFault(finding.caFault, now);
  if (finding.leafFault == X509_V_ERR_CERT_HAS_EXPIRED) return judgeExpired(leaf, issuer);
  if (finding.leafFault != X509_V_OK) return explainLeafFault(leaf, finding.leafFault, now);
  return judgeDevice(leaf, issuer.index);
}

Judgement Admission::Inside::judgeDevice(X509& leaf, std::size_t ca) const {
  NameFinding found = readCommonName(leaf, trust->settings.nameRule);
  if (found.refusal != Refusal::none) {
    return refused(found.refusal, X509_V_ERR_CERT_REJECTED, std::move(found.reason), std::move(found.fix));
  }
  Judgement judgement = judgeId(found.name);
  if (judgement.refusal != Refusal::none) return judgement;
  judgement = judgeSerial(ca, *X509_get0_serialNumber(&leaf), false);
  if (judgement.refusal != Refusal::none) return judgement;
  judgement.x509Error = X509_V_OK;
  judgement.deviceId = std::move(found.name);
  judgement.caSha256 = trust->tenantCas[ca].sha256;
  return judgement;
}

Judgement Admission::Inside::judgeId(const std::string& id) const {
  if (trust->denied.contains(id)) {
    return refused(Refusal::denied, X509_V_ERR_CERT_REJECTED, "the device is on the deny list",
                   "if it should connect again, take it off the file devices.deny_file: `spheregate devices allow ID`");
  }
  if (deniedToo.contains(id)) {
    return refused(Refusal::denied, X509_V_ERR_CERT_REJECTED, "the device is on the deny list of the gateway's twin",
                   "take it off the desired property spheregate.denyList if it should connect again");
  }
  if (trust->allowed && !trust->allowed->contains(id)) {
    return refused(Refusal::notAllowed, X509_V_ERR_CERT_REJECTED, "the device is not on the allow list",
                   "add it to the file devices.allow_file if it belongs here");
  }
  return passed();
}

Judgement Admission::Inside::judgeSerial(std::size_t ca, const ASN1_INTEGER& serial, bool connected) const {
  const CrlPolicy policy = trust->settings.crlPolicy;
  if (policy == CrlPolicy::off) return passed();
  if (ASN1_STRING_length(&serial) > kSerialBytesMax) return explainSerial();
  const Circumstances now = circumstances(&trust->tenantCas[ca]);
  const Revocations::Answer answer = trust->revocations.of(ca, serial, now.nowSeconds);
  if (answer.revoked) return explainRevoked(answer);
  const bool current = answer.list && !answer.stale;
  if (policy == CrlPolicy::require && !connected && !current) return explainUnchecked(answer, now);
  return passed();
}

Judgement Admission::Inside::judgeExpired(X509& leaf, const TrustSet::Issuer& issuer) const {
  const Circumstances now = circumstances(&trust->tenantCas[issuer.index]);
  const std::int64_t notAfter = x509::unixSeconds(*X509_get0_notAfter(&leaf));
  const bool onlyFault = issuer.finding.leafFaults == 1;
  if (!onlyFault || over(notAfter, trust->graceSeconds(), now.nowSeconds)) return explainLeafFault(leaf, issuer.finding.leafFault, now);
  Judgement judgement = judgeDevice(leaf, issuer.index);
  if (judgement.refusal != Refusal::none) return judgement;
  if (!known.knows(judgement.deviceId)) return explainStranger(leaf, now);
  judgement.inGrace = true;
  return judgement;
}

Judgement Admission::Inside::judgeSerialAgain(std::size_t ca, const std::string& serial) const {
  if (trust->settings.crlPolicy == CrlPolicy::off) return passed();
  BIGNUM* read = nullptr;
  const bool whole = !serial.empty() && BN_hex2bn(&read, serial.c_str()) == static_cast<int>(serial.size());
  const std::unique_ptr<BIGNUM, x509::Release<BN_free>> number{read};
  if (!whole) return explainSerial();
  const std::unique_ptr<ASN1_INTEGER, x509::Release<ASN1_INTEGER_free>> value{BN_to_ASN1_INTEGER(number.get(), nullptr)};
  return judgeSerial(ca, *value, true);
}

}  // namespace spheregate::identity
