#pragma once

#include <string>
#include <vector>

#include "spheregate/base/clock.hpp"
#include "spheregate/base/result.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::pki {

struct ImportRules {
  // Azure Sphere's tenant CAs name their tenant by a GUID at the end of their common name; those of others need none.
  bool guidNeeded = true;
  std::string tenantId;  // empty, or the GUID that a CA must carry
  base::WallTime now;
};

struct TenantChoice {
  std::vector<x509::CertificateHandle> cas;  // in the order of the file, each once
  std::vector<std::string> notes;            // what was left out, and what to know; sentences
};

// Picks out of a file's certificates the CAs that sign devices, and tests each as far as that goes without its key. Never takes
// what stands above a tenant's CA: a root or policy CA of Azure Sphere, or a CA that signed another CA of the file. A self-signed
// CA that stands alone is taken when no GUID is needed, because a pinned CA vouches only for what it signed itself, not for CAs
// below it. The error says what the file holds instead and what to do; it does not name the file.
base::Explained<TenantChoice> chooseTenantCas(std::vector<x509::CertificateHandle> certificates, const ImportRules& rules);

}  // namespace spheregate::pki
