#include "client_alert.hpp"

#include <openssl/core_names.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "spheregate/x509/certificate_text.hpp"

namespace spheregate::tls {
namespace {

constexpr std::size_t kNamesShown = 6;
constexpr const char* kResult = "client_alert";

std::string alertWords(int alert) { return " (alert " + std::string{SSL_alert_desc_string_long(alert)} + ")"; }

std::string lowered(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

std::string quoted(const std::string& text) { return "`" + text + "`"; }

// What is wrong with the time of a certificate that is shown, leaf or issuer; empty when nothing is.
std::string timeFault(const CertificateFacts& facts, std::int64_t now) {
  const std::string which = "the certificate `CN=" + facts.commonName + "` that the gateway shows ";
  if (now > facts.notAfterSeconds) {
    return which + "expired " + x509::spanText(now - facts.notAfterSeconds) + " ago, at " + facts.notAfter;
  }
  if (now < facts.notBeforeSeconds) return which + "is not valid before " + facts.notBefore;
  return {};
}

std::string timeFault(const Situation& situation) {
  std::string fault = timeFault(situation.shown.facts, situation.now);
  STACK_OF(X509)* issuers = nullptr;
  SSL_get0_chain_certs(&situation.ssl, &issuers);
  for (int at = 0; fault.empty() && issuers != nullptr && at < sk_X509_num(issuers); ++at) {
    fault = timeFault(certificateFacts(*sk_X509_value(issuers, at)), situation.now);
  }
  return fault;
}

Refusal ownTime(const std::string& fault, int alert) {
  return {.result = kResult, .reason = fault + alertWords(alert), .fix = "renew it in tls.certificate; it is taken without a restart"};
}

Refusal deviceClock(const Situation& situation, int alert) {
  const CertificateFacts& facts = situation.shown.facts;
  return {.result = kResult,
          .reason = "the device takes the gateway's certificate for expired or not yet valid" + alertWords(alert) +
                    "; it is valid from " + facts.notBefore + " to " + facts.notAfter + ", and here it is " +
                    x509::timeText(situation.now),
          .fix = "set the device's clock; it needs network time before it connects"};
}

Refusal unknownRoot(const Situation& situation, int alert) {
  return {.result = kResult,
          .reason = "the device does not know who issued the gateway's certificate" + alertWords(alert) + "; it was issued by `" +
                    situation.shown.facts.issuer + "`",
          .fix = "give the device the root of the gateway's certificate to trust (`spheregate export-root` writes the one that the gateway made),"
                 " and if there are issuers between the two, add them to tls.certificate"};
}

Refusal otherRoot(const Situation& situation, int alert) {
  return {.result = kResult,
          .reason = "the device cannot verify a signature of the gateway" + alertWords(alert) +
                    "; most likely it trusts another root of the same name, `" + situation.shown.facts.issuer + "`",
          .fix = "give the device the root that issued the gateway's certificate; a new root should have a new name"};
}

// wolfSSL, and so Azure Sphere, says `bad certificate` of a name, OpenSSL also of a beginning that has not come yet.
Refusal badCertificate(const Situation& situation, int alert) {
  const std::string& dialled = situation.introduction.serverName;
  if (!dialled.empty() && !covers(situation.shown, dialled)) return wrongName(situation, alertWords(alert));
  if (!dialled.empty()) {
    return {.result = kResult,
            .reason = "the device refuses the gateway's certificate" + alertWords(alert) + ", though it covers " + quoted(dialled) +
                      ", the name that the device dialled",
            .fix = "check on the device the name that it compares with, its clock, and that it trusts the root of this certificate and"
                   " no other of the same name"};
  }
  return {.result = kResult,
          .reason = "the device refuses the gateway's certificate" + alertWords(alert) +
                    "; devices on wolfSSL, as Azure Sphere, say so when the name that they dialled is not in it. It is for " +
                    namesIn(situation.shown),
          .fix = "let the device dial one of these names, or put the name that it dials into the certificate; if it does so already,"
                 " check its clock and the root that it trusts"};
}

// The word of those who do not tell: Java and Windows for nearly everything.
Refusal certificateUnknown(const Situation& situation, int alert) {
  const std::string& dialled = situation.introduction.serverName;
  if (!dialled.empty() && !covers(situation.shown, dialled)) return wrongName(situation, alertWords(alert));
  return {.result = kResult,
          .reason = "the device refuses the gateway's certificate and does not say why" + alertWords(alert) + "; it was issued by `" +
                    situation.shown.facts.issuer + "` and is for " + namesIn(situation.shown),
          .fix = "check on the device, in this order: that it trusts that root, that it dials one of these names, and its clock"};
}

Refusal unsupportedCertificate(const Situation& situation, int alert) {
  return {.result = kResult,
          .reason = "the device cannot use the kind of certificate that the gateway has" + alertWords(alert) + ": " +
                    keyWords(situation.ssl),
          .fix = "use a server certificate with a P-256 key, key usage digitalSignature and extended key usage serverAuth"};
}

Refusal noAgreement(const Situation& situation, int alert) {
  return {.result = kResult,
          .reason = "the device found nothing that it could agree to" + alertWords(alert) + "; it offered " +
                    cipherNames(situation.ssl, situation.introduction.ciphers) + ", and the gateway's certificate has " +
                    keyWords(situation.ssl),
          .fix = "let the device take ECDHE with AES-GCM, and the kind of key that the gateway's certificate has"};
}

Refusal deviceVersion(const Situation& situation, int alert) {
  return {.result = kResult,
          .reason = "the device refuses the version of TLS that was agreed on" + alertWords(alert) + "; it offered " +
                    versionName(situation.introduction.newestVersion),
          .fix = "configure the device's TLS for 1.2 or 1.3"};
}

Refusal deviceFailure(const Situation&, int alert) {
  return {.result = kResult,
          .reason = "the device's own TLS failed" + alertWords(alert),
          .fix = "look at the device's log; small ones run out of memory, and a short chain of ECDSA certificates needs least"};
}

Refusal damaged(const Situation&, int alert) {
  return {.result = kResult,
          .reason = "the device could not make sense of what the gateway sent" + alertWords(alert),
          .fix = "see whether something between device and gateway changes TLS, and update the TLS library of the device"};
}

Refusal serverNameRefused(const Situation& situation, int alert) {
  return wrongName(situation, alertWords(alert));
}

Refusal wantsToLeave(const Situation&, int alert) {
  return {.result = "closed", .reason = "the device gave up" + alertWords(alert), .fix = {}, .left = true};
}

struct Meaning {
  int alert;
  Refusal (*say)(const Situation&, int);
};

// RFC 8446 §6.2 and RFC 5246 §7.2.2, and what libraries make of them.
constexpr std::array<Meaning, 19> kMeanings{{{SSL_AD_BAD_CERTIFICATE, badCertificate},
                                             {SSL_AD_UNSUPPORTED_CERTIFICATE, unsupportedCertificate},
                                             {SSL_AD_CERTIFICATE_EXPIRED, deviceClock},
                                             {SSL_AD_CERTIFICATE_UNKNOWN, certificateUnknown},
                                             {SSL_AD_UNKNOWN_CA, unknownRoot},
                                             {SSL_AD_DECRYPT_ERROR, otherRoot},
                                             {SSL_AD_HANDSHAKE_FAILURE, noAgreement},
                                             {SSL_AD_INSUFFICIENT_SECURITY, noAgreement},
                                             {SSL_AD_PROTOCOL_VERSION, deviceVersion},
                                             {SSL_AD_UNRECOGNIZED_NAME, serverNameRefused},
                                             {SSL_AD_INTERNAL_ERROR, deviceFailure},
                                             {SSL_AD_ILLEGAL_PARAMETER, damaged},
                                             {SSL_AD_DECODE_ERROR, damaged},
                                             {SSL_AD_UNEXPECTED_MESSAGE, damaged},
                                             {SSL_AD_BAD_RECORD_MAC, damaged},
                                             {SSL_AD_RECORD_OVERFLOW, damaged},
                                             {SSL_AD_DECOMPRESSION_FAILURE, damaged},
                                             {SSL_AD_USER_CANCELLED, wantsToLeave},
                                             {SSL_AD_CLOSE_NOTIFY, wantsToLeave}}};

bool aboutTime(int alert) {
  return alert == SSL_AD_BAD_CERTIFICATE || alert == SSL_AD_CERTIFICATE_EXPIRED || alert == SSL_AD_CERTIFICATE_UNKNOWN;
}

}  // namespace

bool covers(const ShownCertificate& shown, std::string_view dialled) {
  const std::string name = lowered(dialled);
  const std::size_t dot = name.find('.');
  return std::any_of(shown.names.begin(), shown.names.end(), [&](const std::string& one) {
    const std::string covered = lowered(one);
    return covered == name || (dot != std::string::npos && covered == "*" + name.substr(dot));
  });
}

std::string namesIn(const ShownCertificate& shown) {
  if (shown.names.empty()) return "no name at all, because it has no subject alternative name";
  std::string text;
  for (std::size_t at = 0; at < std::min(shown.names.size(), kNamesShown); ++at) text += (at == 0 ? "" : ", ") + quoted(shown.names[at]);
  if (shown.names.size() > kNamesShown) text += " and " + std::to_string(shown.names.size() - kNamesShown) + " more";
  return text;
}

std::string keyWords(SSL& ssl) {
  X509* own = SSL_get_certificate(&ssl);
  EVP_PKEY* key = own == nullptr ? nullptr : X509_get0_pubkey(own);
  if (key == nullptr) return "no key that can be named";
  if (EVP_PKEY_is_a(key, "RSA") == 1) return "an RSA key of " + std::to_string(EVP_PKEY_get_bits(key)) + " bits";
  std::array<char, 64> group{};
  if (EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group.data(), group.size(), nullptr) != 1) {
    return std::string{"a key of the kind "} + EVP_PKEY_get0_type_name(key);
  }
  const char* name = EC_curve_nid2nist(OBJ_sn2nid(group.data()));
  return std::string{"an ECDSA key on "} + (name == nullptr ? group.data() : name);
}

Refusal wrongName(const Situation& situation, const std::string& how) {
  const std::string& dialled = situation.introduction.serverName;
  return {.result = kResult,
          .reason = "the device dialled " + (dialled.empty() ? "a name that it does not tell" : quoted(dialled)) +
                    ", and the gateway's certificate is for " + namesIn(situation.shown) + how,
          .fix = "let the device dial one of these names, or put the name that it dials into the certificate"};
}

Refusal clientAlert(int alert, const Situation& situation) {
  if (const std::string fault = timeFault(situation); aboutTime(alert) && !fault.empty()) return ownTime(fault, alert);
  const auto* found = std::find_if(kMeanings.begin(), kMeanings.end(), [alert](const Meaning& one) { return one.alert == alert; });
  if (found != kMeanings.end()) return found->say(situation, alert);
  return {.result = kResult,
          .reason = "the device ended the handshake" + alertWords(alert),
          .fix = "look at the device's log; what the gateway shows is for " + namesIn(situation.shown)};
}

}  // namespace spheregate::tls
