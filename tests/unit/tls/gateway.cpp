#include "unit/tls/gateway.hpp"

#include <utility>

namespace spheregate::tls::test {

Gateway::Gateway(ListenerSettings settings) {
  settings.certificate = directory.write("server.pem", {&server(), &root()});
  settings.privateKey = directory.writeKey("server.key", server());
  const Judge judge = [this](X509& leaf) {
    auto verdict = std::make_shared<Verdict>();
    verdict->accepted = true;
    if (refusal) *verdict = *refusal;
    verdict->certificate = certificateFacts(leaf);
    verdict->deviceId = verdict->certificate.commonName;
    return verdict;
  };
  const auto welcome = [this](Arrival arrival) {
    Guest& guest = guests.emplace_back();
    guest.wire = std::move(arrival.wire);
    guest.verdict = std::move(arrival.verdict);
    if (onGuest) onGuest(guest);
    if (guest.wire) guest.wire->attach(guest.notebook);
  };
  const auto sink = [this](const RefusedPeer& peer) {
    refused.push_back(peer);
    EXPECT_TRUE(peer.verdict == nullptr || !peer.verdict->certificate.commonName.empty());
    refused.back().verdict = nullptr;
  };
  auto opened = Listener::open(loop, settings, clock, metrics, judge, welcome, sink);
  EXPECT_TRUE(opened) << opened.error();
  listener = std::move(*opened);
}

Gateway::~Gateway() = default;

ListenerSettings Gateway::defaults() {
  ListenerSettings settings;
  settings.address = "127.0.0.1";
  settings.port = 0;
  settings.handshakesPerSourcePerSecond = 0;
  return settings;
}

const Identity& Gateway::root() {
  static const Identity made = make({.commonNames = {"Gateway Root"}, .subjectAltName = {}, .ca = true});
  return made;
}

const Identity& Gateway::server() {
  static const Identity made =
      make({.commonNames = {"gateway.plant.example"}, .subjectAltName = "DNS:gateway.plant.example,DNS:localhost,IP:127.0.0.1"},
           &root());
  return made;
}

const Identity& Gateway::device() {
  static const Identity made = make({.commonNames = {std::string(128, 'd')}, .subjectAltName = {}}, &root());
  return made;
}

}  // namespace spheregate::tls::test
