#pragma once

#include <string>
#include <string_view>

#include "pki/certificate.hpp"

namespace spheregate::testpki {

inline constexpr std::string_view kTenantA = "6f1c2a34-0b5d-4e7f-8a90-1b2c3d4e5f60";
inline constexpr std::string_view kTenantB = "0d9e8f7a-6b5c-4d3e-9f10-a0b1c2d3e4f5";

// Azure Sphere's hierarchy as it is in production, less the names: root, policy CA, and below it a CA for each tenant, all P-384.
// Tenant CAs carry no key identifiers, and the two of tenant A have one name.
struct Authorities {
  Issued root;
  Issued policy;
  Issued tenantA;
  Issued tenantANew;
  Issued tenantB;
};
Authorities makeAuthorities(Time now);

// The name that Azure Sphere gives the CA of a tenant.
Name tenantName(std::string_view guid);
// A tenant CA, valid for two years around `now`. Pass fields of your own to `issue` for anything else.
Fields tenantCaFields(std::string_view guid, Time now);

// A private CA as anybody makes one: self-signed, with key identifiers.
Issued makePlainCa(std::string_view commonName, Time now, Key key = makeEcKey());

// The certificate that Azure Sphere's attestation gives a device.
Fields deviceFields(std::string_view commonName, Validity validity);
// 24 hours that began five minutes before `now`, because attestation dates its certificates back.
Validity dayAround(Time now);

// `subjectAltNames` in OpenSSL's language, for example "DNS:localhost,IP:127.0.0.1".
Issued makeServer(std::string_view commonName, const std::string& subjectAltNames, const Issued& issuer, Time now);

}  // namespace spheregate::testpki
