#pragma once

#include <openssl/x509.h>

#include "spheregate/x509/handles.hpp"
#include "spheregate/base/clock.hpp"

namespace spheregate::identity {

// What one pinned CA has to say about a leaf. The faults are OpenSSL's X509_V_ERR_…, the first one found.
struct Finding {
  // From the worst to the best.
  enum class Match {
    stranger,  // the issuer has another name
    namesake,  // the name fits, the signature does not
    tampered,  // name and key identifier fit, the signature does not
    issuer,    // this CA signed it
  };
  Match match = Match::stranger;
  int leafFault = X509_V_OK;
  int leafFaults = 0;  // how many in all
  int caFault = X509_V_OK;

  bool vouchedFor() const { return match == Match::issuer && leafFault == X509_V_OK && caFault == X509_V_OK; }
};
// Whether `one` tells more about the leaf than `other`.
bool betterThan(const Finding& one, const Finding& other);

// One pinned CA in a store of its own, so that another of the same name cannot be picked in its place. Immutable.
class Anchor {
 public:
  explicit Anchor(x509::CertificateHandle certificate);
  // One signature check when the names fit, hardly anything when they do not.
  Finding examine(X509& leaf, base::WallTime at) const;
  X509& certificate() const { return *certificate_; }

 private:
  x509::CertificateHandle certificate_;
  x509::StoreHandle store_;
};

}  // namespace spheregate::identity
