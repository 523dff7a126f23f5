#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "anchor.hpp"
#include "id_list.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/identity/settings.hpp"
#include "revocations.hpp"

namespace spheregate::identity {

// What devices are judged by, as it was read in one go. Immutable.
struct TrustSet {
  Settings settings;
  std::vector<TenantCa> tenantCas;
  std::vector<Anchor> anchors;  // in the order of tenantCas
  IdList denied;
  std::optional<IdList> allowed;  // nothing: everybody
  Revocations revocations;        // by the order of tenantCas

  // The CA that says the most about the leaf; the search ends at the first that vouches for it.
  struct Issuer {
    std::size_t index = 0;
    Finding finding;
  };
  Issuer issuerOf(X509& leaf, base::WallTime now) const;
  std::optional<std::size_t> find(const std::string& caSha256) const;
  // A CA of this name and this key: what one certificate of it vouches for, the other does too.
  std::optional<std::size_t> findTwin(const X509& ca) const;
  std::int64_t graceSeconds() const { return std::chrono::duration_cast<std::chrono::seconds>(settings.expiredGrace).count(); }
};

base::Explained<std::shared_ptr<const TrustSet>> readTrustSet(const Settings& settings, base::WallTime now);

}  // namespace spheregate::identity
