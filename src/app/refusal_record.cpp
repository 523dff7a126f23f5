#include "refusal_record.hpp"

#include <string>

namespace spheregate::app {
namespace {

using diagnosis::Stage;

Stage stageOf(relay::Deed deed) {
  switch (deed) {
    case relay::Deed::connect: return Stage::connect;
    case relay::Deed::publish: return Stage::publish;
    case relay::Deed::subscribe: return Stage::subscribe;
    case relay::Deed::session: return Stage::session;
  }
  return Stage::connect;
}

diagnosis::Certificate certificateOf(const tls::CertificateFacts& facts) {
  return {.issuer = facts.issuer,
          .serial = facts.serial,
          .notBefore = facts.notBefore,
          .notAfter = facts.notAfter,
          .sha256 = facts.sha256};
}

// Of `address:port`.
std::string sourceOf(std::string_view peer) { return std::string{peer.substr(0, peer.rfind(':'))}; }

}  // namespace

tls::RefusalSink RefusalRecord::atTheDoor() {
  return [this](const tls::RefusedPeer& peer) {
    diagnosis::Refusal refusal{.stage = Stage::tls,
                               .device = {},
                               .source = peer.source,
                               .peer = peer.peer,
                               .result = peer.result,
                               .reason = peer.reason,
                               .fix = peer.fix,
                               .serverName = peer.serverName,
                               .protocol = peer.protocol,
                               .certificate = {}};
    if (peer.verdict != nullptr) {
      refusal.device = peer.verdict->certificate.commonName;
      refusal.certificate = certificateOf(peer.verdict->certificate);
    }
    book_.add(std::move(refusal));
  };
}

void RefusalRecord::refused(const relay::Refused& refused) {
  book_.add({.stage = stageOf(refused.deed),
             .device = refused.verdict.deviceId,
             .source = sourceOf(refused.peer),
             .peer = std::string{refused.peer},
             .result = refused.result,
             .reason = std::string{refused.reason},
             .fix = std::string{refused.fix},
             .serverName = {},
             .protocol = {},
             .certificate = certificateOf(refused.verdict.certificate)});
}

void RefusalRecord::allowed(relay::Deed deed, std::string_view deviceId) {
  book_.wentWell(stageOf(deed), deviceId);
  if (deed == relay::Deed::connect && visited_) visited_(deviceId);
}

void RefusalRecord::left(std::string_view deviceId) {
  if (visited_) visited_(deviceId);
}

}  // namespace spheregate::app
