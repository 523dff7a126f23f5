#pragma once

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/identity/settings.hpp"

namespace spheregate::identity {

enum class Refusal : std::uint8_t {
  none, unknownCa, expired, notYetValid, badSignature, notAClientCertificate, isCa, noName, severalNames, badName, upperCaseName,
  denied, notAllowed, caExpired, other
};
// Stable text for metrics and logs: unknown_ca, expired, not_yet_valid, bad_name, denied, …
const char* label(Refusal refusal);

struct Judgement {
  Refusal refusal = Refusal::other;
  int x509Error = 0;
  std::string deviceId;  // when refusal is none
  std::string caSha256;  // when refusal is none
  std::string reason;    // one sentence with the facts (for example both clocks); empty when admitted
  std::string fix;       // one sentence; empty when admitted
};

struct TenantCa {
  std::string file;
  std::string subject;
  std::string tenantId;  // the GUID at the end of the subject CN; empty when it has none
  std::string sha256;
  std::int64_t notAfterSeconds = 0;
};

// Who may connect: a leaf that chains directly to one of the pinned tenant CAs, in its validity, for TLS clients, with exactly
// one well-formed common name that is not denied. Each CA is tried in a store of its own, because during a rotation two CAs
// have the same name and no key identifiers. Nothing else the peer sends is looked at.
class Admission {
 public:
  // Reads every file (PEM or DER) as a whole first; the error names the file, the place and the fix.
  static base::Explained<std::unique_ptr<Admission>> load(const Settings& settings, const base::Clock& clock);
  ~Admission();
  Admission(const Admission&) = delete;
  Admission& operator=(const Admission&) = delete;

  Judgement judge(X509& leaf) const;
  // Denies these ids too, besides those of the file; replaces what was given before. Who is connected stays so.
  void denyAlso(const std::vector<std::string>& ids);
  const std::vector<TenantCa>& tenantCas() const;

 private:
  struct Inside;
  explicit Admission(std::unique_ptr<Inside> inside);
  std::unique_ptr<Inside> inside_;
};

}  // namespace spheregate::identity
