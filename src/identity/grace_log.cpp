#include "grace_log.hpp"

#include <algorithm>
#include <charconv>

#include "spheregate/base/log.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::identity {

bool GraceLog::tell(const Admitted& admitted, std::int64_t nowSeconds, std::int64_t endSeconds, base::MonoTime now) {
  constexpr int hexadecimal = 16;
  constexpr std::size_t digits = 16;
  std::uint64_t key = 0;
  const char* begin = admitted.certificateSha256.data();
  std::from_chars(begin, begin + std::min(digits, admitted.certificateSha256.size()), key, hexadecimal);
  const auto told = told_.find(key);
  if (told != told_.end() && now - told->second < kQuiet) return false;
  if (told_.size() >= kCertificatesMax) told_.clear();
  told_[key] = now;
  base::logWarn("device admitted in grace", {{"cn", admitted.deviceId},
                                             {"serial", admitted.serial},
                                             {"not_after", x509::timeText(admitted.notAfterSeconds)},
                                             {"expired_for", x509::spanText(std::max<std::int64_t>(0, nowSeconds - admitted.notAfterSeconds))},
                                             {"grace_left", x509::spanText(std::max<std::int64_t>(0, endSeconds - nowSeconds))}});
  return true;
}

}  // namespace spheregate::identity
