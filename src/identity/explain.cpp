#include "explain.hpp"

#include <openssl/x509v3.h>

#include <string>
#include <utility>

#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::identity {
namespace {

std::string ourClock(const Circumstances& circumstances) {
  return "the gateway's clock says " + x509::timeText(circumstances.nowSeconds);
}

Judgement explainExpired(X509& leaf, const Circumstances& circumstances) {
  const std::int64_t until = x509::unixSeconds(*X509_get0_notAfter(&leaf));
  return refused(
      Refusal::expired, X509_V_ERR_CERT_HAS_EXPIRED,
      "the certificate expired " + x509::spanText(circumstances.nowSeconds - until) + " ago, at " + x509::timeText(until) + "; " +
          ourClock(circumstances),
      "let the device fetch a new certificate (Azure Sphere does daily and at boot, over the internet), or correct the "
      "gateway's clock");
}

Judgement explainNotYetValid(X509& leaf, const Circumstances& circumstances) {
  const std::int64_t from = x509::unixSeconds(*X509_get0_notBefore(&leaf));
  return refused(Refusal::notYetValid, X509_V_ERR_CERT_NOT_YET_VALID,
                 "the certificate becomes valid in " + x509::spanText(from - circumstances.nowSeconds) + ", at " + x509::timeText(from) +
                     "; " + ourClock(circumstances),
                 "check the gateway's clock with `timedatectl`, then the clock of whoever issued the certificate");
}

Judgement explainPurpose(X509& leaf) {
  const bool wrongUse =
      (X509_get_extension_flags(&leaf) & EXFLAG_XKUSAGE) != 0 && (X509_get_extended_key_usage(&leaf) & XKU_SSL_CLIENT) == 0;
  return refused(Refusal::notAClientCertificate, X509_V_ERR_INVALID_PURPOSE,
                 wrongUse ? "its extended key usage does not include TLS client authentication"
                          : "its key usage does not allow the signatures of a TLS client",
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

Judgement explainUnsigned(Finding::Match match, const Circumstances& circumstances) {
  if (match == Finding::Match::tampered) {
    return refused(Refusal::badSignature, X509_V_ERR_CERT_SIGNATURE_FAILURE,
                   "it names a pinned CA and its key as the issuer, but that key did not sign it: it was altered or forged",
                   "issue the device's certificate again");
  }
  if (match == Finding::Match::namesake) {
    return refused(Refusal::unknownCa, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                   "its issuer has the name of a pinned CA but another key: the tenant's next CA, or a forgery",
                   "download all CAs of the tenant and put the new one beside the old one in devices.tenant_ca");
  }
  return refused(Refusal::unknownCa, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                 "its issuer is none of the " + std::to_string(circumstances.pinnedCas) + " pinned tenant CAs",
                 "if the device belongs here, put the CA that issued its certificate into devices.tenant_ca");
}

Judgement explainCaFault(int fault, const Circumstances& circumstances) {
  const TenantCa& ca = *circumstances.issuer;
  if (fault == X509_V_ERR_CERT_HAS_EXPIRED) {
    return refused(Refusal::caExpired, fault,
                   "the tenant CA that issued it (" + ca.file + ") expired " +
                       x509::spanText(circumstances.nowSeconds - ca.notAfterSeconds) + " ago, at " + x509::timeText(ca.notAfterSeconds) +
                       "; " + ourClock(circumstances),
                   "put the tenant's current CA into devices.tenant_ca and let the device fetch a new certificate");
  }
  if (fault == X509_V_ERR_CERT_NOT_YET_VALID) {
    return refused(Refusal::notYetValid, fault,
                   "the tenant CA that issued it (" + ca.file + ") is not yet valid; " + ourClock(circumstances),
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

Judgement explainSessionEnd(std::int64_t notAfterSeconds, std::int64_t graceSeconds, const Circumstances& circumstances) {
  const std::string grace = graceSeconds > 0 ? " and devices.expired_grace is over" : "";
  return refused(Refusal::expired, X509_V_ERR_CERT_HAS_EXPIRED,
                 "the certificate that the session began with expired at " + x509::timeText(notAfterSeconds) + grace + "; " +
                     ourClock(circumstances),
                 "the device connects again with its present certificate; devices.expired_sessions says that sessions end with theirs");
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
