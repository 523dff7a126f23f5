#pragma once

#include <openssl/x509.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "spheregate/base/result.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/identity/settings.hpp"
#include "spheregate/x509/handles.hpp"
#include "tenant_cas.hpp"

namespace spheregate::identity {

// The revocation lists of the pinned CAs. A list belongs to the CA whose name it has and whose key signed it, because two CAs may have one
// name. Of each CA the newest list counts: the one with the higher number, or the later date. (A CA that splits its list says in each part
// which one it is; then the newest of each part counts.) Immutable.
class Revocations {
 public:
  struct Answer {
    bool revoked = false;
    std::int64_t revokedSeconds = 0;
    const char* why = nullptr;      // in the words of the list, when it gives a reason
    const Crl* list = nullptr;      // that says so; or the stalest one of the CA; null: the CA has none
    bool stale = false;             // its next update was due
  };

  // Lists that do not say everything by themselves (delta, indirect, of some reasons only) and damaged files are errors; lists of a CA that
  // is not pinned are left aside with a warning.
  static base::Explained<Revocations> read(const Settings& settings, const std::vector<PinnedCa>& cas, std::int64_t nowSeconds);

  // `ca` counts in the order of the CAs given to `read`.
  Answer of(std::size_t ca, const ASN1_INTEGER& serial, std::int64_t nowSeconds) const;
  std::vector<Crl> lists() const;

 private:
  struct List {
    x509::CrlHandle crl;
    std::string part;  // the DER form of the extension that names the part; empty: the whole
    Crl facts;
  };
  std::vector<std::vector<List>> ofCa_;

  base::Explained<void> take(x509::CrlHandle crl, const std::string& file, const Settings& settings, const std::vector<PinnedCa>& cas);
  void warn(CrlPolicy policy, const std::vector<PinnedCa>& cas, std::int64_t nowSeconds) const;
};

}  // namespace spheregate::identity
