#pragma once

#include "spheregate/checkup/as_device.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::checkup {

// A certificate as Azure Sphere's but for the name, which is `kThrowAwayName`: the issuer is judged before it. Signed by itself, so nobody may be let
// in with it.
struct ThrowAway {
  x509::CertificateHandle certificate;
  x509::PrivateKeyHandle key;
};
ThrowAway makeThrowAway();

}  // namespace spheregate::checkup
