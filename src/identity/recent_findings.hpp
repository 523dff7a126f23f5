#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "spheregate/base/clock.hpp"
#include "trust_set.hpp"

namespace spheregate::identity {

// What the pinned CAs said of certificates that were shown before. Checking the signature of a P-384 CA is most of what a handshake
// costs, and it has one answer for one certificate as long as the CAs are the same and no validity begins or ends. Only that answer is
// kept: names, lists, revocation and grace are looked at anew each time.
class RecentFindings {
 public:
  // Of certificates that a CA vouches for: as many as devices. When there are too many, all are forgotten.
  static constexpr std::size_t kVouchedMax = 16'384;
  // Of others, whose number a peer chooses: fewer, and for a minute.
  static constexpr std::size_t kRefusedMax = 4096;
  static constexpr base::Duration kRefusedKept = std::chrono::minutes{1};

  // Null when nothing is known, or when a certificate's validity has begun or ended since.
  const TrustSet::Issuer* find(const std::string& certificateSha256, base::MonoTime now, std::int64_t judgedSeconds);
  void remember(std::string certificateSha256, X509& leaf, const TrustSet& trust, const TrustSet::Issuer& issuer, base::MonoTime now,
                std::int64_t judgedSeconds);
  // For other CAs.
  void clear();

 private:
  struct Entry {
    TrustSet::Issuer issuer;
    base::MonoTime until;
    // No validity begins or ends in between, the end excluded.
    std::int64_t from = 0;
    std::int64_t to = 0;
  };
  using Entries = std::unordered_map<std::string, Entry>;  // by the SHA-256 of the certificate
  static const TrustSet::Issuer* findIn(Entries& entries, const std::string& certificateSha256, base::MonoTime now,
                                        std::int64_t judgedSeconds);

  Entries vouched_;
  Entries refused_;
};

}  // namespace spheregate::identity
