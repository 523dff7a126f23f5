#include "self_test.hpp"

#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "spheregate/base/check.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::pki {
namespace {

std::string algorithmName(const X509_ALGOR& algorithm) {
  const ASN1_OBJECT* object = nullptr;
  X509_ALGOR_get0(&object, nullptr, nullptr, &algorithm);
  std::array<char, 80> text{};
  OBJ_obj2txt(text.data(), static_cast<int>(text.size()), object, 0);
  return text.data();
}

// In 2020 tenant CAs were issued that name one algorithm inside and another outside. Only OpenSSL minds.
std::string algorithmFault(X509& ca) {
  const X509_ALGOR* outside = nullptr;
  X509_get0_signature(nullptr, &outside, &ca);
  const X509_ALGOR* inside = X509_get0_tbs_sigalg(&ca);
  if (X509_ALGOR_cmp(inside, outside) == 0) return {};
  return " names its signature " + algorithmName(*inside) + " inside and " + algorithmName(*outside) +
         " outside, as tenant CAs of June and July 2020 did; download the CA that Azure Sphere issued in its place";
}

// As an anchor of its own, by the rules that hold for devices.
std::string anchorFault(X509& ca, base::WallTime now) {
  constexpr int authLevel = 2;
  const x509::StoreHandle store{X509_STORE_new()};
  const x509::StoreContextHandle context{X509_STORE_CTX_new()};
  SPHEREGATE_CHECK(store && context && X509_STORE_add_cert(store.get(), &ca) == 1);
  X509_VERIFY_PARAM* rules = X509_STORE_get0_param(store.get());
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_CHECK_SS_SIGNATURE);
  X509_VERIFY_PARAM_set_auth_level(rules, authLevel);
  X509_VERIFY_PARAM_set_time(rules, std::chrono::system_clock::to_time_t(now));
  SPHEREGATE_CHECK(X509_STORE_CTX_init(context.get(), store.get(), &ca, nullptr) == 1);
  if (X509_verify_cert(context.get()) == 1) return {};
  return std::string{" does not work as an anchor in OpenSSL: "} +
         X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get())) +
         "; ask whoever runs the CA for a correct certificate";
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string tenantFault(X509& ca, const ImportRules& rules) {
  if (rules.tenantId.empty()) return {};
  const std::string guid = x509::guidAtEnd(*X509_get_subject_name(&ca));
  const std::string pin = lowered(rules.tenantId);
  if (guid == pin) return {};
  return " belongs to tenant " + (guid.empty() ? std::string{"(none)"} : guid) + ", devices.tenant_id is " + pin +
         "; download your own tenant's CA, or correct devices.tenant_id";
}

}  // namespace

std::string selfTest(X509& ca, const ImportRules& rules) {
  constexpr int securityBitsMin = 112;
  const std::string subject = "`" + x509::nameText(*X509_get_subject_name(&ca)) + "`";
  const EVP_PKEY* key = X509_get0_pubkey(&ca);
  if (!key || EVP_PKEY_get_security_bits(key) < securityBitsMin) {
    return subject + " has a key that is too weak or unknown; use an elliptic curve key or RSA of at least 2048 bits";
  }
  if (X509_check_purpose(&ca, X509_PURPOSE_SSL_CLIENT, 1) != 1) {
    return subject + " may not issue certificates for TLS clients; give the CA that issued the devices' certificates";
  }
  std::string fault = algorithmFault(ca);
  if (fault.empty()) fault = tenantFault(ca, rules);
  const std::int64_t now = std::chrono::system_clock::to_time_t(rules.now);
  const std::int64_t end = x509::unixSeconds(*X509_get0_notAfter(&ca));
  const std::int64_t begin = x509::unixSeconds(*X509_get0_notBefore(&ca));
  if (fault.empty() && end < now) {
    fault = " expired " + x509::spanText(now - end) + " ago, at " + x509::timeText(end) +
            "; download the tenant's current CA with `az sphere ca-certificate download`";
  }
  // One that begins later is taken: it is a CA to come, or this clock is slow, and a note says so.
  if (fault.empty()) fault = anchorFault(ca, std::max(rules.now, std::chrono::system_clock::from_time_t(begin)));
  return fault.empty() ? fault : subject + fault;
}

}  // namespace spheregate::pki
