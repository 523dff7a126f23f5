#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>

#include "spheregate/base/clock.hpp"
#include "spheregate/identity/admission.hpp"

namespace spheregate::identity {

// The audit line of who is let in with an expired certificate: at once for each certificate, and then once an hour while it is used, however
// often its device reconnects.
class GraceLog {
 public:
  static constexpr std::chrono::hours kQuiet{1};
  static constexpr std::size_t kCertificatesMax = 100'000;

  // `endSeconds`: until when the grace lasts. Returns whether it was told.
  bool tell(const Admitted& admitted, std::int64_t nowSeconds, std::int64_t endSeconds, base::MonoTime now);

 private:
  std::unordered_map<std::uint64_t, base::MonoTime> told_;  // by the begin of the certificate's SHA-256
};

}  // namespace spheregate::identity
