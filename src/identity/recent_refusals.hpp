#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "spheregate/base/clock.hpp"
#include "trust_set.hpp"

namespace spheregate::identity {

// What the pinned CAs said of certificates that were refused lately, so that a device that is refused once a second costs no signature
// check each time. It says nothing of names, lists or grace, which are looked at anew, and nobody is let in by it.
class RecentRefusals {
 public:
  static constexpr std::size_t kEntriesMax = 4096;
  static constexpr base::Duration kKept = std::chrono::minutes{1};

  // Null when nothing is known, or when a certificate's validity has begun or ended since.
  const TrustSet::Issuer* find(const std::string& certificateSha256, base::MonoTime now, std::int64_t judgedSeconds);
  // When there are too many, all are forgotten.
  void remember(std::string certificateSha256, X509& leaf, const TrustSet& trust, const TrustSet::Issuer& issuer, base::MonoTime now,
                std::int64_t judgedSeconds);
  void clear() { entries_.clear(); }

 private:
  struct Entry {
    TrustSet::Issuer issuer;
    base::MonoTime until;
    // No validity begins or ends in between, the end excluded.
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace spheregate::identity
