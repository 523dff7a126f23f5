#pragma once

#include <string_view>

#include "buckets.hpp"
#include "limits.hpp"
#include "refusal.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/tls/verdict.hpp"

namespace spheregate::tls {

// One line for everyone refused, so that its owner learns why and what to do. Whoever comes again and again with the same
// certificate, or without one from the same address, is told five times and then once a minute; the count tells the rest.
class RefusalLog {
 public:
  explicit RefusalLog(const base::Clock& clock) : clock_{clock} {}

  // The certificate is null when none was shown.
  void add(std::string_view peer, std::string_view source, const Refusal& refusal, const CertificateFacts* certificate);

 private:
  const base::Clock& clock_;
  Buckets alike_{1.0 / 60, 5, kRefusalsMax};
  // Somebody may make up certificates without end.
  Buckets sources_{1, 60, kSourcesMax};
  // And whoever has thousands of addresses needs no certificate for a line of each.
  Buckets strangers_{2, 100, 1};
};

}  // namespace spheregate::tls
