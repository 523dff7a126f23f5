#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "anchor.hpp"
#include "revocations.hpp"
#include "spheregate/identity/admission.hpp"

namespace spheregate::identity {

Judgement refused(Refusal refusal, int x509Error, std::string reason, std::string fix);

struct Circumstances {
  const std::vector<TenantCa>& pinned;
  const TenantCa* issuer = nullptr;  // null unless the leaf was signed by a pinned CA
  std::int64_t nowSeconds = 0;       // what is judged by
  std::int64_t machineSeconds = 0;   // what the machine's clock says; earlier only when it is known to be wrong
};
// The sentences for a leaf that no pinned CA vouches for.
Judgement explainUnsigned(X509& leaf, Finding::Match match, const Circumstances& circumstances);
Judgement explainCaFault(int fault, const Circumstances& circumstances);
Judgement explainLeafFault(X509& leaf, int fault, const Circumstances& circumstances);
// Expired by less than the grace, of a device that has not been here before.
Judgement explainStranger(X509& leaf, const Circumstances& circumstances);
// A session whose certificate has expired, and the grace is over too.
Judgement explainSessionEnd(std::int64_t notAfterSeconds, std::int64_t graceSeconds, const Circumstances& circumstances);
Judgement explainRevoked(const Revocations::Answer& answer);
// With crl_policy: require, of a CA without a current list.
Judgement explainUnchecked(const Revocations::Answer& answer, const Circumstances& circumstances);
Judgement explainCaAsLeaf();
Judgement explainUnreadable();

}  // namespace spheregate::identity
