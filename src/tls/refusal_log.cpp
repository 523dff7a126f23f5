#include "refusal_log.hpp"

#include <string>

#include "spheregate/base/log.hpp"

namespace spheregate::tls {

void RefusalLog::add(std::string_view peer, std::string_view source, const Refusal& refusal,
                     const CertificateFacts* certificate) {
  const base::MonoTime now = clock_.now();
  const std::string alike = (certificate != nullptr ? certificate->sha256 : std::string{source}) + refusal.result;
  const auto before = alike_.take(alike, now);
  if (!before) return;
  if (!sources_.take(source, now)) return alike_.count(alike, *before + 1);
  if (certificate == nullptr && !strangers_.take({}, now)) return alike_.count(alike, *before + 1);
  const auto fact = [certificate](std::string CertificateFacts::*field) -> std::string_view {
    return certificate == nullptr || (certificate->*field).empty() ? "-" : std::string_view{certificate->*field};
  };
  base::logWarn("device refused", {{"peer", peer},
                                   {"cn", fact(&CertificateFacts::commonName)},
                                   {"issuer", fact(&CertificateFacts::issuer)},
                                   {"serial", fact(&CertificateFacts::serial)},
                                   {"not_before", fact(&CertificateFacts::notBefore)},
                                   {"not_after", fact(&CertificateFacts::notAfter)},
                                   {"result", refusal.result},
                                   {"reason", refusal.reason},
                                   {"fix", refusal.fix},
                                   base::moreBefore(*before)});
}

}  // namespace spheregate::tls
