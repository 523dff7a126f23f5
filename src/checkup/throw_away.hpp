#pragma once

#include "spheregate/checkup/as_device.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::checkup {

// A certificate in the form of Azure Sphere's, signed by itself: nobody may be let in with it. Its name begins with `kThrowAwayName`.
struct ThrowAway {
  x509::CertificateHandle certificate;
  x509::PrivateKeyHandle key;
};
ThrowAway makeThrowAway();

}  // namespace spheregate::checkup
