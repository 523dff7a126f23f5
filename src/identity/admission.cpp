#include "spheregate/identity/admission.hpp"

#include <openssl/x509v3.h>

#include <optional>
#include <utility>

#include "anchor.hpp"
#include "common_name.hpp"
#include "explain.hpp"
#include "id_list.hpp"
#include "spheregate/base/log.hpp"
#include "tenant_cas.hpp"

namespace spheregate::identity {

struct Admission::Inside {
  Inside(const base::Clock& time, NameRule rule) : clock{time}, nameRule{rule} {}

  struct Issuer {
    std::size_t index = 0;
    Finding finding;
  };
  Issuer issuerOf(X509& leaf, base::WallTime now) const;
  Judgement judgeName(X509& leaf, const TenantCa& issuer) const;

  const base::Clock& clock;
  NameRule nameRule;
  std::vector<TenantCa> tenantCas;
  std::vector<Anchor> anchors;  // in the order of tenantCas
  IdList denied;
  IdList deniedToo;             // at run time
  std::optional<IdList> allowed;  // nothing: everybody
};

// The CA that says the most about the leaf; the search ends at the first that vouches for it.
Admission::Inside::Issuer Admission::Inside::issuerOf(X509& leaf, base::WallTime now) const {
  Issuer best;
  for (std::size_t index = 0; index < anchors.size(); ++index) {
    const Finding finding = anchors[index].examine(leaf, now);
    if (finding.vouchedFor()) return {index, finding};
    if (betterThan(finding, best.finding)) best = {index, finding};
  }
  return best;
}

Judgement Admission::Inside::judgeName(X509& leaf, const TenantCa& issuer) const {
  NameFinding found = readCommonName(leaf, nameRule);
  if (found.refusal != Refusal::none) {
    return refused(found.refusal, X509_V_ERR_CERT_REJECTED, std::move(found.reason), std::move(found.fix));
  }
  if (denied.contains(found.name)) {
    return refused(Refusal::denied, X509_V_ERR_CERT_REJECTED, "the device is on the deny list",
                   "take it off the file devices.deny_file if it should connect again");
  }
  if (deniedToo.contains(found.name)) {
    return refused(Refusal::denied, X509_V_ERR_CERT_REJECTED, "the device is on the deny list of the gateway's twin",
                   "take it off the desired property spheregate.denyList if it should connect again");
  }
  if (allowed && !allowed->contains(found.name)) {
    return refused(Refusal::notAllowed, X509_V_ERR_CERT_REJECTED, "the device is not on the allow list",
                   "add it to the file devices.allow_file if it belongs here");
  }
  return {.refusal = Refusal::none,
          .x509Error = X509_V_OK,
          .deviceId = std::move(found.name),
          .caSha256 = issuer.sha256,
          .reason = {},
          .fix = {}};
}

base::Explained<std::unique_ptr<Admission>> Admission::load(const Settings& settings, const base::Clock& clock) {
  using Made = std::unique_ptr<Admission>;
  auto inside = std::make_unique<Inside>(clock, settings.nameRule);
  auto pinned = loadTenantCas(settings, clock.wall());
  if (!pinned) return base::failed<Made>(pinned.error());
  for (PinnedCa& ca : *pinned) {
    inside->tenantCas.push_back(std::move(ca.facts));
    inside->anchors.emplace_back(std::move(ca.certificate));
  }
  if (!settings.denyFile.empty()) {
    auto denied = readIdList(settings.denyFile, settings.nameRule);
    if (!denied) return base::failed<Made>(denied.error());
    inside->denied = std::move(*denied);
  }
  if (!settings.allowFile.empty()) {
    auto allowed = readIdList(settings.allowFile, settings.nameRule);
    if (!allowed) return base::failed<Made>(allowed.error());
    if (allowed->empty()) {
      base::logWarn("allow list empty",
                    {{"file", settings.allowFile.string()}, {"fix", "add device ids, or remove devices.allow_file"}});
    }
    inside->allowed = std::move(*allowed);
  }
  return Made{new Admission{std::move(inside)}};
}

Admission::Admission(std::unique_ptr<Inside> inside) : inside_{std::move(inside)} {}
Admission::~Admission() = default;

void Admission::denyAlso(const std::vector<std::string>& ids) { inside_->deniedToo = IdList{ids.begin(), ids.end()}; }

const std::vector<TenantCa>& Admission::tenantCas() const { return inside_->tenantCas; }

Judgement Admission::judge(X509& leaf) const {
  const x509::ErrorQueueMark mark;
  // OpenSSL answers questions about purpose and CA wrongly when it cannot read the extensions, so they come first.
  if ((X509_get_extension_flags(&leaf) & EXFLAG_INVALID) != 0) return explainUnreadable();
  const base::WallTime now = inside_->clock.wall();
  const auto [index, finding] = inside_->issuerOf(leaf, now);
  const TenantCa& ca = inside_->tenantCas[index];
  const Circumstances circumstances{&ca, inside_->tenantCas.size(), std::chrono::system_clock::to_time_t(now)};
  if (finding.match != Finding::Match::issuer) return explainUnsigned(finding.match, circumstances);
  if (X509_check_ca(&leaf) != 0) return explainCaAsLeaf();
  // The CA comes first: as long as it is outside its validity, a new leaf does not help.
  if (finding.caFault != X509_V_OK) return explainCaFault(finding.caFault, circumstances);
  if (finding.leafFault != X509_V_OK) return explainLeafFault(leaf, finding.leafFault, circumstances);
  return inside_->judgeName(leaf, ca);
}

}  // namespace spheregate::identity
