#include "refusal.hpp"

#include <openssl/err.h>

#include <array>
#include <cstdio>
#include <string>

#include "client_alert.hpp"

namespace spheregate::tls {
namespace {

const char* versionsTaken(const ListenerSettings& settings) {
  return settings.minVersion == MinVersion::tls13 ? "TLS 1.3" : "TLS 1.2 or 1.3";
}

std::string connectWith(const ListenerSettings& settings) { return std::string{"connect with MQTT over "} + versionsTaken(settings); }

Refusal timedOut(const Situation& situation) {
  const std::string time = std::to_string(situation.settings.handshakeTimeout.count()) + " ms";
  const Introduction& said = situation.introduction;
  if (said.newestVersion != 0) {
    return {.result = "timeout",
            .reason = "the peer began the TLS handshake, offering " + versionName(said.newestVersion) + ", and did not finish it within " + time,
            .fix = "check the network between device and gateway: where small packets pass and large ones are lost, its MTU is too large"};
  }
  return {.result = "timeout",
          .reason = "no TLS handshake came within " + time + (said.empty() ? "; nothing was said at all" : "; only a part of a greeting came"),
          .fix = "check the network between device and gateway, and that what connects speaks TLS"};
}

Refusal noCertificate() {
  return {
      .result = "no_certificate",
      .reason = "the client sent no certificate",
      .fix = "let the device authenticate with its certificate (Azure Sphere: DAA certificate, MutualAuth in the app_manifest)"};
}

Refusal nothingShared(const std::string& what, const Situation& situation) {
  return {.result = "no_shared_cipher",
          .reason = "device and gateway have no " + what + "; the gateway's certificate has " + keyWords(situation.ssl),
          .fix = "let the device offer ECDHE with AES-GCM or CHACHA20, and a curve and signature that fit the gateway's certificate"};
}

Refusal noSharedCipher(const Situation& situation) {
  // Before TLS 1.3 a cipher includes the exchange of keys, so it may be the groups that do not fit.
  return nothingShared("cipher in common: the device offers " + cipherNames(situation.ssl, situation.introduction.ciphers) +
                           " with the groups " + groupNames(situation.introduction.groups),
                       situation);
}

Refusal noSharedGroup(const Situation& situation) {
  return nothingShared("group in common: the device offers " + groupNames(situation.introduction.groups), situation);
}

Refusal noSharedSignature(const Situation& situation) {
  return nothingShared("signature in common: the device offers " + signatureNames(situation.introduction.signatures), situation);
}

Refusal protocol(std::string reason, std::string fix) {
  return {.result = "protocol", .reason = std::move(reason), .fix = std::move(fix)};
}

// The ClientHello was read, or this is no TLS.
Refusal notTls(int reason, const Situation& situation) {
  const Introduction& said = situation.introduction;
  if (said.isMqtt()) return protocol("MQTT came without TLS, on the port for TLS", connectWith(situation.settings));
  if (reason == SSL_R_HTTP_REQUEST || reason == SSL_R_HTTPS_PROXY_REQUEST) {
    return protocol("an HTTP request came on the port for MQTT over TLS",
                    "ask for health and metrics at http.listen; devices " + connectWith(situation.settings));
  }
  std::array<char, 16> bytes{};
  std::snprintf(bytes.data(), bytes.size(), "%02x %02x %02x %02x", said.firstBytes[0], said.firstBytes[1], said.firstBytes[2],
                said.firstBytes[3]);
  return protocol("what came is no TLS; it begins with the bytes " + std::string{bytes.data()}, connectWith(situation.settings));
}

Refusal oldVersion(const Situation& situation) {
  const bool strict = situation.settings.minVersion == MinVersion::tls13;
  return protocol("the device offers at most " + versionName(situation.introduction.newestVersion) + ", and the gateway takes " +
                      versionsTaken(situation.settings),
                  connectWith(situation.settings) + (strict ? ", or set tls.min_version to 1.2" : ""));
}

// Errors of engines and providers have numbers above those of OpenSSL's own parts.
Refusal ownKey(const Outcome& outcome) {
  return {.result = "server_key",
          .reason = "the token or TPM that holds the gateway's own key did not sign: " + outcome.text(),
          .fix = "see that what tls.private_key names is there and works, then restart the gateway; the device is not to blame",
          .ours = true};
}

Refusal failed(const Outcome& outcome, const Situation& situation) {
  const int library = ERR_GET_LIB(outcome.code);
  if (library >= ERR_LIB_USER) return ownKey(outcome);
  const int reason = library == ERR_LIB_SSL ? ERR_GET_REASON(outcome.code) : 0;
  // Reasons above this are alerts of the peer.
  if (reason >= SSL_AD_REASON_OFFSET) return clientAlert(reason - SSL_AD_REASON_OFFSET, situation);
  if (situation.introduction.newestVersion == 0) return notTls(reason, situation);
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return noCertificate();
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_VERSION_TOO_LOW:
    case SSL_R_WRONG_SSL_VERSION:
      return oldVersion(situation);
    case SSL_R_NO_SHARED_CIPHER:
      return noSharedCipher(situation);
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
      return noSharedGroup(situation);
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      return noSharedSignature(situation);
    case SSL_R_BAD_SIGNATURE:
      return protocol("the device does not hold the private key of the certificate that it shows: " + outcome.text(),
                      "give the device the key that its certificate was made with");
    case SSL_R_UNKNOWN_CERTIFICATE_TYPE:
      return protocol("a certificate that the device sends is damaged, or has a key of a kind that the gateway does not read",
                      "use a key on a curve with a name (P-256), its point uncompressed, or RSA, Ed25519 or Ed448, in all certificates of the chain");
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
      return protocol("the device sends more in one message than the gateway reads: " + outcome.text(),
                      "let the device send its own certificate alone, or with the few that issued it");
    default:
      return protocol("the TLS handshake failed: " + outcome.text(),
                      connectWith(situation.settings) + ", and update the TLS library of the device");
  }
}

}  // namespace

Refusal refusalOf(Handshake::Ending ending, const Outcome& outcome, const Verdict* verdict, const Situation& situation) {
  if (verdict != nullptr && !verdict->accepted)
    return {.result = verdict->result, .reason = verdict->reason, .fix = verdict->fix};
  if (ending == Handshake::Ending::timedOut) return timedOut(situation);
  if (outcome.ended()) return {.result = "closed", .reason = outcome.text(), .fix = {}, .left = true};
  return failed(outcome, situation);
}

Refusal refusalAfterwards(const Outcome& outcome, const Situation& situation) {
  const bool alert = ERR_GET_LIB(outcome.code) == ERR_LIB_SSL && ERR_GET_REASON(outcome.code) >= SSL_AD_REASON_OFFSET;
  if (alert) return clientAlert(ERR_GET_REASON(outcome.code) - SSL_AD_REASON_OFFSET, situation);
  const std::string& dialled = situation.introduction.serverName;
  if (outcome.ended() && !dialled.empty() && !covers(situation.shown, dialled)) {
    return wrongName(situation, "; it left after the handshake without a word");
  }
  return {.result = "closed", .reason = outcome.text(), .fix = {}, .left = true};
}

Refusal rateLimited(const ListenerSettings& settings) {
  std::array<char, 32> rate{};
  std::snprintf(rate.data(), rate.size(), "%g", settings.handshakesPerSourcePerSecond);
  return {.result = "rate_limited",
          .reason = "more than " + std::string{rate.data()} + " new connections a second from one address",
          .fix = "let the device wait between attempts; behind one NAT address raise devices.connect_rate_per_source"};
}

Refusal tooManyConnections(const ListenerSettings& settings) {
  return {.result = "too_many_connections",
          .reason = "there are " + std::to_string(settings.connectionsMax) + " connections already",
          .fix = "raise devices.max_connections and LimitNOFILE= of the service, or use another gateway"};
}

}  // namespace spheregate::tls
