#include "recent_refusals.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::identity {

const TrustSet::Issuer* RecentRefusals::find(const std::string& certificateSha256, base::MonoTime now, std::int64_t judgedSeconds) {
  const auto found = entries_.find(certificateSha256);
  if (found == entries_.end()) return nullptr;
  const Entry& entry = found->second;
  if (now < entry.until && entry.from <= judgedSeconds && judgedSeconds < entry.to) return &entry.issuer;
  entries_.erase(found);
  return nullptr;
}

void RecentRefusals::remember(std::string certificateSha256, X509& leaf, const TrustSet& trust, const TrustSet::Issuer& issuer,
                              base::MonoTime now, std::int64_t judgedSeconds) {
  Entry entry{.issuer = issuer,
              .until = now + kKept,
              .from = std::numeric_limits<std::int64_t>::min(),
              .to = std::numeric_limits<std::int64_t>::max()};
  const auto boundary = [&](std::int64_t seconds) {
    if (seconds <= judgedSeconds) entry.from = std::max(entry.from, seconds);
    else entry.to = std::min(entry.to, seconds);
  };
  boundary(x509::unixSeconds(*X509_get0_notBefore(&leaf)));
  boundary(x509::unixSeconds(*X509_get0_notAfter(&leaf)));
  for (const TenantCa& ca : trust.tenantCas) {
    boundary(ca.notBeforeSeconds);
    boundary(ca.notAfterSeconds);
  }
  if (entries_.size() >= kEntriesMax) entries_.clear();
  entries_.insert_or_assign(std::move(certificateSha256), std::move(entry));
}

}  // namespace spheregate::identity
