#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "admission_metrics.hpp"
#include "explain.hpp"
#include "grace_log.hpp"
#include "id_list.hpp"
#include "recent_findings.hpp"
#include "spheregate/identity/admission.hpp"
#include "trust_set.hpp"

namespace spheregate::identity {

// Whether a certificate with this end is no longer taken. At the second of its end it has expired, as OpenSSL has it; the last second of
// the grace is part of it.
inline bool over(std::int64_t notAfterSeconds, std::int64_t graceSeconds, std::int64_t nowSeconds) {
  return graceSeconds > 0 ? nowSeconds > notAfterSeconds + graceSeconds : nowSeconds >= notAfterSeconds;
}

struct Admission::Inside {
  Inside(ClockFloor& clock, KnownDevices& devices, metrics::Registry& registry) : time{clock}, known{devices}, metrics{registry} {}

  void use(std::shared_ptr<const TrustSet> next);
  std::vector<TenantCa> tenantCas() const;
  std::int64_t nowSeconds() const;
  Circumstances circumstances(const TenantCa* issuer) const;

  // What the CAs say of the leaf is known; the rest is judged.
  Judgement judge(X509& leaf, const TrustSet::Issuer& issuer) const;
  // Of a leaf that its CA vouches for, except that it may have expired.
  Judgement judgeDevice(X509& leaf, std::size_t ca) const;
  // The pinned CA that vouches for a session: the one it began with, or that CA renewed with the same key.
  std::optional<std::size_t> issuerAgain(const std::string& caSha256) const;
  // A refusal when the id may not connect, or when the certificate of that serial is revoked.
  Judgement judgeId(const std::string& id) const;
  Judgement judgeSerial(std::size_t ca, const ASN1_INTEGER& serial, bool connected) const;
  Judgement judgeExpired(X509& leaf, const TrustSet::Issuer& issuer) const;
  // Of a session: its serial as text.
  Judgement judgeSerialAgain(std::size_t ca, const std::string& serial) const;

  ClockFloor& time;
  KnownDevices& known;
  AdmissionMetrics metrics;
  std::shared_ptr<const TrustSet> trust;
  std::map<std::string, x509::CertificateHandle> gone;  // by SHA-256: CAs that were pinned and are not now
  IdList deniedToo;  // at run time
  RecentFindings findings;
  GraceLog graceLog;
};

}  // namespace spheregate::identity
