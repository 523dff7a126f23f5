#pragma once

#include <vector>

#include "spheregate/x509/handles.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/identity/admission.hpp"
#include "spheregate/identity/settings.hpp"

namespace spheregate::identity {

struct PinnedCa {
  TenantCa facts;
  x509::CertificateHandle certificate;
};

// The CAs of the file or of every *.pem, *.cer, *.crt and *.der in the directory, in the order of the file names, each once.
// An expired one stays, with a warning: it tells an operator more than a device that is unknown all of a sudden.
base::Explained<std::vector<PinnedCa>> loadTenantCas(const Settings& settings, base::WallTime now);

}  // namespace spheregate::identity
