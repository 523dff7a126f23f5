#include "recent_findings.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::identity {

const TrustSet::Issuer* RecentFindings::find(const std::string& certificateSha256, base::MonoTime now, std::int64_t judgedSeconds) {
  if (const TrustSet::Issuer* vouched = findIn(vouched_, certificateSha256, now, judgedSeconds)) return vouched;
  return findIn(refused_, certificateSha256, now, judgedSeconds);
}

const TrustSet::Issuer* RecentFindings::findIn(Entries& entries, const std::string& certificateSha256, base::MonoTime now,
                                               std::int64_t judgedSeconds) {
  const auto found = entries.find(certificateSha256);
  if (found == entries.end()) return nullptr;
  const Entry& entry = found->second;
  if (now < entry.until && entry.from <= judgedSeconds && judgedSeconds < entry.to) return &entry.issuer;
  entries.erase(found);
  return nullptr;
}

void RecentFindings::remember(std::string certificateSha256, X509& leaf, const TrustSet& trust, const TrustSet::Issuer& issuer,
                              base::MonoTime now, std::int64_t judgedSeconds) {
  const bool vouched = issuer.finding.vouchedFor();
  Entry entry{.issuer = issuer,
              .until = vouched ? base::MonoTime::max() : now + kRefusedKept,
              .from = std::numeric_limits<std::int64_t>::min(),
              .to = std::numeric_limits<std::int64_t>::max()};
  const auto boundary = [&](std::int64_t seconds) {
    if (seconds <= judgedSeconds)
      entry.from = std::max(entry.from, seconds);
    else
      entry.to = std::min(entry.to, seconds);
  };
  boundary(x509::unixSeconds(*X509_get0_notBefore(&leaf)));
  boundary(x509::unixSeconds(*X509_get0_notAfter(&leaf)));
  for (const TenantCa& ca : trust.tenantCas) {
    boundary(ca.notBeforeSeconds);
    boundary(ca.notAfterSeconds);
  }
  Entries& entries = vouched ? vouched_ : refused_;
  if (entries.size() >= (vouched ? kVouchedMax : kRefusedMax)) entries.clear();
  entries.insert_or_assign(std::move(certificateSha256), std::move(entry));
}

void RecentFindings::clear() {
  vouched_.clear();
  refused_.clear();
}

}  // namespace spheregate::identity
