#include "pki/authorities.hpp"

#include <utility>

namespace spheregate::testpki {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr hours kYear{24 * 365};
constexpr const char* kCaKeyUsage = "critical,digitalSignature,keyCertSign,cRLSign";

Name microsoftName(std::string commonName) {
  return {
      {NID_countryName, "US"}, {NID_organizationName, "Spheregate Test Corporation"}, {NID_commonName, std::move(commonName)}};
}

Issued makeTenantCa(std::string_view guid, Time now, const Issued& policy) {
  return issue(tenantCaFields(guid, now), makeEcKey("P-384"), policy);
}

}  // namespace

Authorities makeAuthorities(Time now) {
  const Fields rootFields{
      microsoftName("Azure Sphere Root Certificate Authority 2020"),
      {now - 6 * kYear, now + 14 * kYear},
      {{NID_key_usage, kCaKeyUsage}, {NID_basic_constraints, "critical,CA:TRUE"}, {NID_subject_key_identifier, "hash"}}};
  const Fields policyFields{microsoftName("Azure Sphere Policy CA 2022"),
                            {now - 4 * kYear, now + 4 * kYear},
                            {{NID_key_usage, kCaKeyUsage},
                             {NID_basic_constraints, "critical,CA:TRUE,pathlen:1"},
                             {NID_ext_key_usage, "clientAuth"},
                             {NID_subject_key_identifier, "hash"},
                             {NID_authority_key_identifier, "keyid:always"}}};
  Issued root = selfSigned(rootFields, makeEcKey("P-384"));
  Issued policy = issue(policyFields, makeEcKey("P-384"), root);
  Issued tenantA = makeTenantCa(kTenantA, now, policy);
  Issued tenantANew = makeTenantCa(kTenantA, now, policy);
  Issued tenantB = makeTenantCa(kTenantB, now, policy);
  return {std::move(root), std::move(policy), std::move(tenantA), std::move(tenantANew), std::move(tenantB)};
}

Name tenantName(std::string_view guid) {
  return {{NID_countryName, "US"},
          {NID_stateOrProvinceName, "Washington"},
          {NID_localityName, "Redmond"},
          {NID_organizationName, "Spheregate Test Corporation"},
          {NID_commonName, "Microsoft Azure Sphere " + std::string{guid}}};
}

Fields tenantCaFields(std::string_view guid, Time now) {
  return {tenantName(guid),
          {now - kYear, now + kYear},
          {{NID_key_usage, kCaKeyUsage},
           {NID_basic_constraints, "critical,CA:TRUE"},
           // The real ones have literal spaces in this address, too.
           {NID_crl_distribution_points, "URI:http://crl.sphere.example/Microsoft Azure Sphere Policy2022.crl"},
           {NID_info_access, "caIssuers;URI:http://pki.sphere.example/Microsoft Azure Sphere Policy2022.cer"}}};
}

Issued makePlainCa(std::string_view commonName, Time now, Key key) {
  const Fields fields{
      {{NID_commonName, std::string{commonName}}},
      {now - hours{1}, now + 10 * kYear},
      {{NID_key_usage, kCaKeyUsage}, {NID_basic_constraints, "critical,CA:TRUE"}, {NID_subject_key_identifier, "hash"}}};
  return selfSigned(fields, std::move(key));
}

Fields deviceFields(std::string_view commonName, Validity validity) {
  return {{{NID_commonName, std::string{commonName}}},
          validity,
          {{NID_basic_constraints, "critical,CA:FALSE"},
           {NID_key_usage, "critical,digitalSignature"},
           {NID_ext_key_usage, "clientAuth"}}};
}

Validity dayAround(Time now) {
  const Time from = now - minutes{5};
  return {from, from + hours{24}};
}

Issued makeServer(std::string_view commonName, const std::string& subjectAltNames, const Issued& issuer, Time now) {
  const Fields fields{{{NID_commonName, std::string{commonName}}},
                      {now - hours{1}, now + kYear},
                      {{NID_basic_constraints, "critical,CA:FALSE"},
                       {NID_key_usage, "critical,digitalSignature"},
                       {NID_ext_key_usage, "serverAuth"},
                       {NID_subject_alt_name, subjectAltNames},
                       {NID_subject_key_identifier, "hash"},
                       {NID_authority_key_identifier, "keyid:always"}}};
  return issue(fields, makeEcKey(), issuer);
}

}  // namespace spheregate::testpki
