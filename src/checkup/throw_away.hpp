#pragma once

#include "spheregate/x509/handles.hpp"

namespace spheregate::checkup {

// A certificate in the form of Azure Sphere's, signed by itself: nobody may be let in with it. Its name begins with sixteen zeros, so that
// it is known again in the log.
struct ThrowAway {
  x509::CertificateHandle certificate;
  x509::PrivateKeyHandle key;
};
ThrowAway makeThrowAway();

}  // namespace spheregate::checkup
