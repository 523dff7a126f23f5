#include "refusal.hpp"

#include <openssl/err.h>

#include <array>
#include <cstdio>
#include <string>

namespace spheregate::tls {
namespace {

Refusal timedOut(const ListenerSettings& settings) {
  return {.result = "timeout",
          .reason = "the TLS handshake was not finished within " + std::to_string(settings.handshakeTimeout.count()) + " ms",
          .fix = "check the network between device and gateway, and that what connects speaks TLS"};
}

Refusal noCertificate() {
  return {
      .result = "no_certificate",
      .reason = "the client sent no certificate",
      .fix = "let the device authenticate with its certificate (Azure Sphere: DAA certificate, MutualAuth in the app_manifest)"};
}

Refusal noSharedCipher(const Outcome& outcome) {
  return {
      .result = "no_shared_cipher",
      .reason = "device and gateway have no cipher, group or signature in common: " + outcome.text(),
      .fix = "let the device offer ECDHE with AES-GCM or CHACHA20, and a curve and signature that fit the gateway's certificate"};
}

Refusal clientAlert(const Outcome& outcome) {
  return {.result = "client_alert",
          .reason = "the device refused the gateway's certificate or handshake: " + outcome.text(),
          .fix =
              "let the device trust the root that issued the gateway's certificate, dial a host name which that certificate "
              "covers, and have the right time"};
}

Refusal protocol(const Outcome& outcome, const ListenerSettings& settings) {
  const char* version = settings.minVersion == MinVersion::tls13 ? "TLS 1.3" : "TLS 1.2 or 1.3";
  return {.result = "protocol",
          .reason = "what came is not a TLS handshake that the gateway accepts: " + outcome.text(),
          .fix = std::string{"connect with MQTT over "} + version};
}

}  // namespace

Refusal refusalOf(Handshake::Ending ending, const Outcome& outcome, const Verdict* verdict, const ListenerSettings& settings) {
  if (verdict != nullptr && !verdict->accepted)
    return {.result = verdict->result, .reason = verdict->reason, .fix = verdict->fix};
  if (ending == Handshake::Ending::timedOut) return timedOut(settings);
  if (outcome.ended()) return {.result = "closed", .reason = outcome.text(), .fix = {}, .left = true};
  if (ERR_GET_LIB(outcome.code) != ERR_LIB_SSL) return protocol(outcome, settings);
  const int reason = ERR_GET_REASON(outcome.code);
  // Reasons above this are alerts of the peer.
  if (reason >= SSL_AD_REASON_OFFSET) return clientAlert(outcome);
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return noCertificate();
    case SSL_R_NO_SHARED_CIPHER:
    case SSL_R_NO_SHARED_GROUPS:
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM:
    case SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS:
      return noSharedCipher(outcome);
    default:
      return protocol(outcome, settings);
  }
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
