#include "anchor.hpp"

#include <openssl/x509v3.h>

#include <utility>

#include "spheregate/base/check.hpp"

namespace spheregate::identity {
namespace {

// At least 112 bits of security: RSA of 2048 bits, elliptic curves of 224, no SHA-1.
constexpr int kAuthLevel = 2;

bool saysNotIssued(int error) {
  switch (error) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECRYPT_CERT_SIGNATURE:
    case X509_V_ERR_UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_CERT_UNTRUSTED:
      return true;
    default:
      return false;
  }
}

// OpenSSL checks the purpose before the signature and the time after it. Noting every fault and going on tells a device whose
// certificate expired from a stranger's. Nothing is accepted by this: who is let in has no fault noted.
int note(int ok, X509_STORE_CTX* context) {
  if (ok == 1) return 1;
  auto& finding = *static_cast<Finding*>(X509_STORE_CTX_get_app_data(context));
  const int error = X509_STORE_CTX_get_error(context);
  if (saysNotIssued(error)) {
    finding.match = Finding::Match::namesake;
    return 1;
  }
  const bool ofLeaf = X509_STORE_CTX_get_error_depth(context) == 0;
  if (ofLeaf) ++finding.leafFaults;
  int& fault = ofLeaf ? finding.leafFault : finding.caFault;
  if (fault == X509_V_OK) fault = error;
  return 1;
}

// Key identifiers are optional, and Azure Sphere's tenant CAs have none.
bool claimsKeyOf(X509& leaf, X509& ca) {
  const ASN1_OCTET_STRING* claimed = X509_get0_authority_key_id(&leaf);
  const ASN1_OCTET_STRING* own = X509_get0_subject_key_id(&ca);
  return claimed && own && ASN1_OCTET_STRING_cmp(claimed, own) == 0;
}

}  // namespace

bool betterThan(const Finding& one, const Finding& other) {
  if (one.match != other.match) return one.match > other.match;
  return one.caFault == X509_V_OK && other.caFault != X509_V_OK;
}

Anchor::Anchor(x509::CertificateHandle certificate) : certificate_{std::move(certificate)}, store_{X509_STORE_new()} {
  SPHEREGATE_CHECK(store_ && X509_STORE_add_cert(store_.get(), certificate_.get()) == 1);
  X509_VERIFY_PARAM* rules = X509_STORE_get0_param(store_.get());
  // The tenant CA is an anchor although it is not a root; to anchor the root would let every tenant in.
  X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_PARTIAL_CHAIN);
  X509_VERIFY_PARAM_set_purpose(rules, X509_PURPOSE_SSL_CLIENT);
  X509_VERIFY_PARAM_set_trust(rules, X509_TRUST_SSL_CLIENT);
  X509_VERIFY_PARAM_set_depth(rules, 0);
  X509_VERIFY_PARAM_set_auth_level(rules, kAuthLevel);
}

Finding Anchor::examine(X509& leaf, base::WallTime at) const {
  if (X509_NAME_cmp(X509_get_issuer_name(&leaf), X509_get_subject_name(certificate_.get())) != 0) return {};
  Finding finding{.match = Finding::Match::issuer};
  const x509::StoreContextHandle context{X509_STORE_CTX_new()};
  SPHEREGATE_CHECK(context && X509_STORE_CTX_init(context.get(), store_.get(), &leaf, nullptr) == 1);
  X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()), std::chrono::system_clock::to_time_t(at));
  X509_STORE_CTX_set_app_data(context.get(), &finding);
  X509_STORE_CTX_set_verify_cb(context.get(), note);
  if (X509_verify_cert(context.get()) != 1) {
    // It gave up without asking, for example because memory ran out.
    finding.leafFault = X509_STORE_CTX_get_error(context.get());
    if (finding.leafFault == X509_V_OK) finding.leafFault = X509_V_ERR_UNSPECIFIED;
  }
  if (finding.match == Finding::Match::namesake && claimsKeyOf(leaf, *certificate_)) finding.match = Finding::Match::tampered;
  return finding;
}

}  // namespace spheregate::identity
