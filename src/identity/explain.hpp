#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "anchor.hpp"
#include "spheregate/identity/admission.hpp"

namespace spheregate::identity {

Judgement refused(Refusal refusal, int x509Error, std::string reason, std::string fix);

// The sentences for a leaf that no pinned CA vouches for. `issuer` is null unless the leaf was signed by a pinned CA.
struct Circumstances {
  const TenantCa* issuer = nullptr;
  std::size_t pinnedCas = 0;
  std::int64_t nowSeconds = 0;
};
Judgement explainUnsigned(Finding::Match match, const Circumstances& circumstances);
Judgement explainCaFault(int fault, const Circumstances& circumstances);
Judgement explainLeafFault(X509& leaf, int fault, const Circumstances& circumstances);
// A session whose certificate has expired, and the grace is over too.
Judgement explainSessionEnd(std::int64_t notAfterSeconds, std::int64_t graceSeconds, const Circumstances& circumstances);
Judgement explainCaAsLeaf();
Judgement explainUnreadable();

}  // namespace spheregate::identity
