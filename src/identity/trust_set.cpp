#include "trust_set.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "spheregate/base/log.hpp"
#include "tenant_cas.hpp"

namespace spheregate::identity {

TrustSet::Issuer TrustSet::issuerOf(X509& leaf, base::WallTime now) const {
  Issuer best;
  for (std::size_t index = 0; index < anchors.size(); ++index) {
    const Finding finding = anchors[index].examine(leaf, now);
    if (finding.vouchedFor()) return {index, finding};
    if (betterThan(finding, best.finding)) best = {index, finding};
  }
  return best;
}

std::optional<std::size_t> TrustSet::find(const std::string& caSha256) const {
  const auto found = std::find_if(tenantCas.begin(), tenantCas.end(), [&](const TenantCa& ca) { return ca.sha256 == caSha256; });
  if (found == tenantCas.end()) return std::nullopt;
  return static_cast<std::size_t>(found - tenantCas.begin());
}

std::optional<std::size_t> TrustSet::findTwin(const X509& ca) const {
  const auto found = std::find_if(anchors.begin(), anchors.end(), [&](const Anchor& anchor) {
    const X509& other = anchor.certificate();
    return X509_NAME_cmp(X509_get_subject_name(&other), X509_get_subject_name(&ca)) == 0 &&
           EVP_PKEY_eq(X509_get0_pubkey(&other), X509_get0_pubkey(&ca)) == 1;
  });
  if (found == anchors.end()) return std::nullopt;
  return static_cast<std::size_t>(found - anchors.begin());
}

base::Explained<std::shared_ptr<const TrustSet>> readTrustSet(const Settings& settings, base::WallTime now) {
  using Made = std::shared_ptr<const TrustSet>;
  auto made = std::make_shared<TrustSet>();
  made->settings = settings;
  auto pinned = loadTenantCas(settings, now);
  if (!pinned) return base::failed<Made>(pinned.error());
  auto revocations = Revocations::read(settings, *pinned, std::chrono::system_clock::to_time_t(now));
  if (!revocations) return base::failed<Made>(revocations.error());
  made->revocations = std::move(*revocations);
  for (PinnedCa& ca : *pinned) {
    made->tenantCas.push_back(std::move(ca.facts));
    made->anchors.emplace_back(std::move(ca.certificate));
  }
  if (!settings.denyFile.empty()) {
    auto denied = readIdList(settings.denyFile, settings.nameRule);
    if (!denied) return base::failed<Made>(denied.error());
    made->denied = std::move(*denied);
  }
  if (!settings.allowFile.empty()) {
    auto allowed = readIdList(settings.allowFile, settings.nameRule);
    if (!allowed) return base::failed<Made>(allowed.error());
    if (allowed->empty()) {
      base::logWarn("allow list empty",
                    {{"file", settings.allowFile.string()}, {"fix", "add device ids, or remove devices.allow_file"}});
    }
    made->allowed = std::move(*allowed);
  }
  return Made{std::move(made)};
}

}  // namespace spheregate::identity
