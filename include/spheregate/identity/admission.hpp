#pragma once

#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "spheregate/base/result.hpp"
#include "spheregate/identity/clock_floor.hpp"
#include "spheregate/identity/known_devices.hpp"
#include "spheregate/identity/settings.hpp"
#include "spheregate/metrics/registry.hpp"

namespace spheregate::identity {

enum class Refusal : std::uint8_t {
  none, unknownCa, expired, notYetValid, badSignature, notAClientCertificate, isCa, noName, severalNames, badName, upperCaseName,
  denied, notAllowed, caExpired, other, revoked, crlMissing, crlStale
};
// Stable text for metrics and logs: unknown_ca, expired, not_yet_valid, bad_name, denied, revoked, …
const char* label(Refusal refusal);

// What is remembered of a device that is connected.
struct Admitted {
  std::string deviceId;
  std::string caSha256;           // the anchor that vouched for it
  std::string serial;             // of its certificate, hexadecimal
  std::string certificateSha256;  // of the DER form, lower-case hex
  std::int64_t notAfterSeconds = 0;
};

struct Judgement {
  Refusal refusal = Refusal::other;
  int x509Error = 0;
  std::string deviceId;  // when refusal is none
  std::string caSha256;  // when refusal is none
  bool inGrace = false;  // when refusal is none: the certificate has expired, and is taken by `expired_grace`
  std::string reason;    // one sentence with the facts (for example both clocks); empty when admitted
  std::string fix;       // one sentence; empty when admitted
};

struct TenantCa {
  std::string file;
  std::string subject;
  std::string tenantId;  // the GUID at the end of the subject CN; empty when it has none
  std::string sha256;
  std::int64_t notBeforeSeconds = 0;
  std::int64_t notAfterSeconds = 0;
  std::size_t devicesSeen = 0;  // whose latest valid certificate it issued
};

// A revocation list in use.
struct Crl {
  std::string file;
  std::string caSha256;
  std::string caFile;
  std::int64_t thisUpdateSeconds = 0;
  std::int64_t nextUpdateSeconds = 0;  // 0: it does not say
  std::size_t entries = 0;
};

// Who may connect: a leaf that chains directly to one of the pinned tenant CAs, in its validity or in the grace after it, not revoked, for
// TLS clients, with exactly one well-formed common name that is not denied. Each CA is tried in a store of its own, because during a
// rotation two CAs have the same name and no key identifiers. Nothing else the peer sends is looked at.
//
// One object for the life of the process; what it judges by is swapped as a whole. Lives on the core thread, the references outlive it.
class Admission {
 public:
  // Reads every file (PEM or DER) as a whole first; the error names the file, the place and the fix.
  static base::Explained<std::unique_ptr<Admission>> load(const Settings& settings, ClockFloor& time, KnownDevices& known,
                                                          metrics::Registry& metrics);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  // Reads everything anew. On an error nothing changes, and it is told as by `load`. Who is connected stays so until `judgeAgain`.
  base::Explained<void> reload(const Settings& settings);

  // During the handshake: the peer has shown the certificate, and not yet that it has the key.
  Judgement judge(X509& leaf);
  // The handshake is over and the peer has the key: whoever came with a valid certificate is known from now on, who came in the grace is
  // counted and logged.
  void arrived(const Admitted& admitted);
  // Whether a session may go on under what is in force now: refusal none, or why it has to end. That a CA's revocation list is missing or
  // stale ends no session. A CA that was replaced by one of the same name and key, as private CAs are renewed, goes on to vouch for them.
  Judgement judgeAgain(const Admitted& admitted) const;

  // Denies these ids too, besides those of the file; replaces what was given before and outlives `reload`. Who is connected stays so
  // until `judgeAgain`.
  void denyAlso(const std::vector<std::string>& ids);
  // In the order in which they are tried.
  std::vector<TenantCa> tenantCas() const;
  std::vector<Crl> crls() const;
  const ClockFloor& time() const;

 private:
  struct Inside;
  explicit Admission(std::shared_ptr<Inside> inside);
  std::shared_ptr<Inside> inside_;  // for the metrics, which may be asked for later
};

}  // namespace spheregate::identity
