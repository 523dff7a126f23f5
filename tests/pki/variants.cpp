#include "pki/variants.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace spheregate::testpki {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

std::string capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

Fields withName(Fields fields, Name subject) {
  fields.subject = std::move(subject);
  return fields;
}

Fields withExtensions(Fields fields, std::vector<Extension> extensions) {
  fields.extensions = std::move(extensions);
  return fields;
}

// What the tenant CA signs to prove to a hub that the tenant owns it: a client certificate in nothing but its issuer.
Fields proofOfPossession(Time now) {
  return {{{NID_commonName, "5A0C31F8E1B24C7D9E6F0123456789ABCDEF0123456789AB"}},
          {now - minutes{5}, now + minutes{60}},
          {{NID_key_usage, "critical,encipherOnly"}, {NID_ext_key_usage, "critical,DER:30:00"}}};
}

std::vector<Variant> wronglyNamed(const Fields& right, const std::string& id, const Issued& issuer) {
  const std::string nul(1, '\0');
  const auto named = [&](const char* fault, Name subject) {
    return Variant{fault, issue(withName(right, std::move(subject)), makeEcKey(), issuer), {}};
  };
  return {
      named("two_cn", {{NID_commonName, id}, {NID_commonName, std::string{id.rbegin(), id.rend()}}}),
      // Whoever reads it as a C string sees a perfect id.
      named("embedded_nul", {{NID_commonName, id + nul + "x", V_ASN1_UTF8STRING}}),
      named("upper_case", {{NID_commonName, capitals(id)}}),
      named("short_cn", {{NID_commonName, id.substr(1)}}),
      named("non_hex", {{NID_commonName, "g" + id.substr(1)}}),
      named("no_cn", {{NID_organizationName, "Nobody"}}),
  };
}

}  // namespace

std::vector<Variant> makeVariants(const Authorities& authorities, const std::string& id, Time now) {
  const Fields right = deviceFields(id, dayAround(now));
  const Issued& tenant = authorities.tenantA;
  const Issued stranger = makePlainCa("Somebody Else's CA", now);
  const auto faulty = [&](const char* fault, const Fields& fields) {
    return Variant{fault, issue(fields, makeEcKey(), tenant), {}};
  };

  std::vector<Variant> all = wronglyNamed(right, id, tenant);
  all.push_back({"wrong_ca", issue(right, makeEcKey(), stranger), {}});
  all.push_back({"tenant_b", issue(right, makeEcKey(), authorities.tenantB), {}});
  all.push_back({"tenant_b_chain", issue(right, makeEcKey(), authorities.tenantB), {authorities.tenantB.certificate}});
  all.push_back(faulty("expired", deviceFields(id, {now - hours{26}, now - hours{2}})));
  all.push_back(faulty("not_yet_valid", deviceFields(id, {now + hours{2}, now + hours{26}})));
  all.push_back(faulty("ca_true", withExtensions(right, {{NID_basic_constraints, "critical,CA:TRUE"},
                                                         {NID_key_usage, "critical,digitalSignature,keyCertSign"},
                                                         {NID_ext_key_usage, "clientAuth"}})));
  all.push_back(faulty("server_only", withExtensions(right, {{NID_ext_key_usage, "serverAuth"}})));
  all.push_back({"pop", issue(proofOfPossession(now), makeEcKey("P-384"), tenant), {}});
  return all;
}

}  // namespace spheregate::testpki
