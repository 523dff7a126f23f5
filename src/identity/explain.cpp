#include "explain.hpp"

#include <openssl/x509v3.h>

#include <algorithm>
#include <string>
#include <utility>

#include "extensions_text.hpp"
#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::identity {
namespace {

// So much do clocks differ that nobody has looked after.
constexpr std::int64_t kSkewSeconds = 600;
constexpr std::size_t kTenantsNamed = 4;

std::string ourClock(const Circumstances& circumstances) {
  std::string text = "the gateway's clock says " + x509::timeText(circumstances.machineSeconds);
  if (circumstances.machineSeconds < circumstances.nowSeconds) {
    text += ", which is too early to be true, so certificates are judged by " + x509::timeText(circumstances.nowSeconds);
  }
  return text;
}

// The clocks, and which of them to doubt when what is wrong would be right a few minutes `away`.
std::string clocks(const Circumstances& circumstances, std::int64_t away, const char* how) {
  std::string text = ourClock(circumstances);
  if (away > kSkewSeconds) return text;
  return text + "; it may be " + how + " by about " + std::to_string(std::max<std::int64_t>(1, (away + 59) / 60)) + " min";
}

Judgement explainExpired(X509& leaf, const Circumstances& circumstances) {
  const std::int64_t until = x509::unixSeconds(*X509_get0_notAfter(&leaf));
  const std::int64_t ago = circumstances.nowSeconds - until;
  return refused(
      Refusal::expired, X509_V_ERR_CERT_HAS_EXPIRED,
      "the certificate expired " + x509::spanText(ago) + " ago, at " + x509::timeText(until) + "; " + clocks(circumstances, ago, "fast"),
      "let the device fetch a new certificate (Azure Sphere does daily and at boot, over the internet), or correct the "
      "gateway's clock");
}

Judgement explainNotYetValid(X509& leaf, const Circumstances& circumstances) {
  const std::int64_t from = x509::unixSeconds(*X509_get0_notBefore(&leaf));
  const std::int64_t ahead = from - circumstances.nowSeconds;
  return refused(Refusal::notYetValid, X509_V_ERR_CERT_NOT_YET_VALID,
                 "the certificate becomes valid in " + x509::spanText(ahead) + ", at " + x509::timeText(from) + "; " +
                     clocks(circumstances, ahead, "slow"),
                 "check the gateway's clock with `timedatectl`, then the clock of whoever issued the certificate");
}

// Which tenants the pinned CAs are of.
std::string pinnedTenants(const std::vector<TenantCa>& pinned) {
  std::vector<std::string> tenants;
  for (const TenantCa& ca : pinned) {
    if (!ca.tenantId.empty() && std::find(tenants.begin(), tenants.end(), ca.tenantId) == tenants.end()) tenants.push_back(ca.tenantId);
  }
  std::string text;
  for (std::size_t at = 0; at < tenants.size() && at < kTenantsNamed; ++at) text += (at == 0 ? "" : ", ") + tenants[at];
  if (tenants.size() > kTenantsNamed) text += " and " + std::to_string(tenants.size() - kTenantsNamed) + " more";
  return text.empty() ? "of no tenant" : text;
}

Judgement explainPurpose(X509& leaf) {
  const bool wrongUse =
      (X509_get_extension_flags(&leaf) & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(&leaf) & XKU_SSL_CLIENT) == 0;
  return refused(Refusal::notAClientCertificate, X509_V_ERR_INVALID_PURPOSE,
                 std::string(wrongUse ? "its extended key usage does not include TLS client authentication"
                          : "its key usage does not allow the signatures of a TLS client") + "; its extensions: " + extensionsText(leaf),
                 "use the device's own certificate, with extended key usage clientAuth and key usage digitalSignature");
}

}  // namespace

Judgement refused(Refusal refusal, int x509Error, std::string reason, std::string fix) {
  Judgement judgement;
  judgement.refusal = refusal;
  judgement.x509Error = x509Error;
  judgement.reason = std::move(reason);
  judgement.fix = std::move(fix);
  return judgement;
}

Judgement explainUnsigned(X509& leaf, Finding::Match match, const Circumstances& circumstances) {
  constexpr int fault = X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY;
  if (match == Finding::Match::tampered) {
    return refused(Refusal::badSignature, X509_V_ERR_CERT_SIGNATURE_FAILURE,
                   "it names a pinned CA and its key as the issuer, but that key did not sign it: it was altered or forged",
                   "issue the device's certificate again");
  }
  if (match == Finding::Match::namesake) {
    return refused(Refusal::unknownCa, fault, "its issuer has the name of a pinned CA but another key: the tenant's next CA, or a forgery",
                   "download all CAs of the tenant and put the new one beside the old one in devices.tenant_ca");
  }
  const std::string tenant = x509::guidAtEnd(*X509_get_issuer_name(&leaf));
  if (!tenant.empty()) {
    return refused(Refusal::unknownCa, fault,
                   "it was issued by the CA of tenant " + tenant + "; pinned are CAs of " + pinnedTenants(circumstances.pinned),
                   "if the device belongs here, claim it into the right tenant (catalog), or put that tenant's CA into devices.tenant_ca");
  }
  return refused(Refusal::unknownCa, fault,
                 circumstances.pinned.size() == 1 ? std::string{"its issuer is not the pinned tenant CA"}
                                                  : "its issuer is none of the " + std::to_string(circumstances.pinned.size()) + " pinned tenant CAs",
                 "if the device belongs here, put the CA that issued its certificate into devices.tenant_ca");
}

Judgement explainCaFault(int fault, const Circumstances& circumstances) {
  const TenantCa& ca = *circumstances.issuer;
  if (fault == X509_V_ERR_CERT_HAS_EXPIRED) {
    return refused(Refusal::caExpired, fault,
                   "the tenant CA that issued it (" + ca.file + ") expired " +
                       x509::spanText(circumstances.nowSeconds - ca.notAfterSeconds) + " ago, at " + x509::timeText(ca.notAfterSeconds) +
                       "; " + clocks(circumstances, circumstances.nowSeconds - ca.notAfterSeconds, "fast"),
                   "put the tenant's current CA into devices.tenant_ca and let the device fetch a new certificate");
  }
  if (fault == X509_V_ERR_CERT_NOT_YET_VALID) {
    return refused(Refusal::notYetValid, fault,
                   "the tenant CA that issued it (" + ca.file + ") is not yet valid; " +
                       clocks(circumstances, ca.notBeforeSeconds - circumstances.nowSeconds, "slow"),
                   "check the gateway's clock with `timedatectl`");
  }
  return refused(Refusal::other, fault,
                 "the tenant CA that issued it (" + ca.file + ") does not serve: " + X509_verify_cert_error_string(fault),
                 "replace that CA and the certificates it issued");
}

Judgement explainLeafFault(X509& leaf, int fault, const Circumstances& circumstances) {
  switch (fault) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return explainExpired(leaf, circumstances);
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return explainNotYetValid(leaf, circumstances);
    case X509_V_ERR_INVALID_PURPOSE:
      return explainPurpose(leaf);
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK:
      return refused(Refusal::other, fault, "its key or its signature is too weak",
                     "issue it with an elliptic curve key or RSA of at least 2048 bits, signed with SHA-256 or better");
    default:
      return refused(Refusal::other, fault, std::string{"it does not verify: "} + X509_verify_cert_error_string(fault),
                     "issue the device's certificate again");
  }
}

Judgement explainStranger(X509& leaf, const Circumstances& circumstances) {
  Judgement judgement = explainExpired(leaf, circumstances);
  judgement.reason += "; devices.expired_grace is for devices that were let in with a valid certificate before, and this one was not";
  return judgement;
}

Judgement explainSessionEnd(std::int64_t notAfterSeconds, std::int64_t graceSeconds, const Circumstances& circumstances) {
  const std::string grace = graceSeconds > 0 ? " and devices.expired_grace is over" : "";
  return refused(Refusal::expired, X509_V_ERR_CERT_HAS_EXPIRED,
                 "the certificate that the session began with expired at " + x509::timeText(notAfterSeconds) + grace + "; " +
                     ourClock(circumstances),
                 "the device connects again with its present certificate; devices.expired_sessions says that sessions end with theirs");
}

Judgement explainRevoked(const Revocations::Answer& answer) {
  std::string reason = "its CA revoked it at " + x509::timeText(answer.revokedSeconds);
  if (answer.why != nullptr) reason += std::string{" ("} + answer.why + ")";
  return refused(Refusal::revoked, X509_V_ERR_CERT_REVOKED, reason + ", says the list " + answer.list->file,
                 "give the device a new certificate if it should connect again");
}

Judgement explainUnchecked(const Revocations::Answer& answer, const Circumstances& circumstances) {
  const std::string ca = "the tenant CA that issued it (" + circumstances.issuer->file + ") ";
  if (!answer.list) {
    return refused(Refusal::crlMissing, X509_V_ERR_UNABLE_TO_GET_CRL, ca + "has no revocation list, and devices.crl_policy is require",
                   "put the CA's current list into devices.crl, or set devices.crl_policy to prefer");
  }
  const std::int64_t due = answer.list->nextUpdateSeconds;
  return refused(Refusal::crlStale, X509_V_ERR_CRL_HAS_EXPIRED,
                 ca + "has a stale revocation list (" + answer.list->file + "): the next one was due " +
                     x509::spanText(circumstances.nowSeconds - due) + " ago, at " + x509::timeText(due) + ", and devices.crl_policy is require; " +
                     clocks(circumstances, circumstances.nowSeconds - due, "fast"),
                 "fetch the CA's current list, or set devices.crl_policy to prefer");
}

Judgement explainCaAsLeaf() {
  return refused(Refusal::isCa, X509_V_ERR_INVALID_PURPOSE, "it is the certificate of a CA, not of a device",
                 "give the device a certificate of its own, without CA:TRUE and without the key usage keyCertSign");
}

Judgement explainUnreadable() {
  return refused(Refusal::other, X509_V_ERR_INVALID_EXTENSION, "its extensions are malformed",
                 "issue the device's certificate again");
}

}  // namespace spheregate::identity
