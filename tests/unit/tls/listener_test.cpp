#include "spheregate/tls/listener.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <utility>

#include "unit/tls/gateway.hpp"

namespace spheregate::tls {
namespace {

using test::Gateway;
using test::Peer;

Peer::Hello helloOf(const test::Identity* identity, int version = TLS1_3_VERSION) {
  return {.version = version, .identity = identity, .trusted = &Gateway::root().certificate};
}

// What the peer hears in the end: with TLS 1.3 only after it believes the handshake is done.
std::string alertHeard(Peer& peer, const Peer::Hello& hello) {
  if (peer.shakeHands(hello)) peer.hearAll();
  return peer.problem;
}

// Runs one refused attempt and gives what was logged.
std::string logOf(Gateway& gateway, const char* result, const std::function<void(Peer&)>& attempt) {
  const std::uint64_t before = gateway.handshakes(result);
  testing::internal::CaptureStderr();
  Peer peer = Peer::dial(gateway.listener->port());
  test::beside(gateway.loop, [&] {
    attempt(peer);
    return true;
  });
  EXPECT_TRUE(gateway.turnUntil([&] { return gateway.handshakes(result) == before + 1; })) << result;
  EXPECT_TRUE(gateway.guests.empty());
  return testing::internal::GetCapturedStderr();
}

void expectLine(const std::string& log, std::initializer_list<const char*> parts) {
  EXPECT_EQ(std::count(log.begin(), log.end(), '\n'), 1) << log;
  for (const char* part : parts) EXPECT_NE(log.find(part), std::string::npos) << part << " in " << log;
}

class ListenerTest : public ::testing::TestWithParam<int> {
 protected:
  Gateway gateway;
};

INSTANTIATE_TEST_SUITE_P(Versions, ListenerTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST_P(ListenerTest, handsOverWhoTheJudgeAccepts) {
  Peer peer = Peer::dial(gateway.listener->port());
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return peer.shakeHands(helloOf(&Gateway::device(), GetParam())); }))
      << peer.problem;
  ASSERT_TRUE(gateway.turnUntil([&] { return gateway.guests.size() == 1; }));
  EXPECT_EQ(gateway.guests[0].verdict->deviceId, std::string(128, 'd'));
  EXPECT_EQ(gateway.guests[0].wire->peer().substr(0, 10), "127.0.0.1:");
  EXPECT_EQ(gateway.handshakes("ok"), 1u);
}

TEST_P(ListenerTest, refusesWhoHasNoCertificate) {
  std::string alert;
  const std::string log =
      logOf(gateway, "no_certificate", [&](Peer& peer) { alert = alertHeard(peer, helloOf(nullptr, GetParam())); });
  expectLine(log, {"device refused", "peer=127.0.0.1:", "cn=-", "result=no_certificate", "reason=\"", "fix=\""});
  EXPECT_EQ(log.find("more_before"), std::string::npos) << log;
  EXPECT_EQ(alert,
            GetParam() == TLS1_2_VERSION ? "the peer sent the alert handshake failure" : "tlsv13 alert certificate required");
}

TEST_P(ListenerTest, refusesWhomTheJudgeRefusesWithTheRightAlert) {
  gateway.refusal.emplace();
  gateway.refusal->result = "expired";
  gateway.refusal->reason = "it is too late";
  gateway.refusal->fix = "come earlier";
  gateway.refusal->x509Error = X509_V_ERR_CERT_HAS_EXPIRED;
  std::string alert;
  const std::string log =
      logOf(gateway, "expired", [&](Peer& peer) { alert = alertHeard(peer, helloOf(&Gateway::device(), GetParam())); });
  expectLine(log, {"cn=dddddddd…dddd", "issuer=\"CN=Gateway Root\"", "serial=", "not_before=", "not_after=",
                   "result=expired", "reason=\"it is too late\"", "fix=\"come earlier\""});
  EXPECT_EQ(alert, "the peer sent the alert certificate expired");
}

TEST(Listener, tellsTheSameRefusalFiveTimesAndCountsTheRest) {
  Gateway gateway;
  const auto attempt = [](Peer& peer) { alertHeard(peer, helloOf(nullptr)); };
  for (int round = 0; round < 5; ++round) EXPECT_NE(logOf(gateway, "no_certificate", attempt), "");
  EXPECT_EQ(logOf(gateway, "no_certificate", attempt), "");
  EXPECT_EQ(gateway.handshakes("no_certificate"), 6u);
  // Whoever keeps the record is told each time.
  EXPECT_EQ(gateway.refused.size(), 6u);
}

TEST(Listener, readsNoEndlessCertificates) {
  Gateway gateway;
  const test::Identity book = test::make({.commonNames = {std::string(40'000, 'x')}, .subjectAltName = {}});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    expectLine(logOf(gateway, "protocol", [&](Peer& peer) { peer.shakeHands(helloOf(&book, version)); }), {"excessive message size"});
  }
  EXPECT_EQ(gateway.handshakes("ok"), 0u);
}

TEST(Listener, endsHandshakesThatTakeTooLong) {
  ListenerSettings settings = Gateway::defaults();
  settings.handshakeTimeout = std::chrono::milliseconds{30};
  Gateway gateway{settings};
  expectLine(logOf(gateway, "timeout", [](Peer& peer) { EXPECT_TRUE(peer.hearsEnd()); }), {"result=timeout", "30 ms"});
}

TEST(Listener, doesNotMindWhoLeaves) {
  Gateway gateway;
  EXPECT_EQ(logOf(gateway, "closed", [](Peer& peer) { peer.hangUp(); }), "");
  EXPECT_EQ(logOf(gateway, "closed",
                  [](Peer& peer) {
                    peer.sayPlainly("\x16\x03");
                    peer.reset();
                  }),
            "");
}

TEST(Listener, limitsTheRateOfOneAddress) {
  ListenerSettings settings = Gateway::defaults();
  settings.handshakesPerSourcePerSecond = 0.25;  // a burst of one
  Gateway gateway{settings};
  Peer first = Peer::dial(gateway.listener->port());
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return first.shakeHands(helloOf(&Gateway::device())); }));
  ASSERT_TRUE(gateway.turnUntil([&] { return gateway.guests.size() == 1; }));
  gateway.guests.clear();
  gateway.refused.clear();
  expectLine(logOf(gateway, "rate_limited", [](Peer& peer) { EXPECT_TRUE(peer.hearsEnd()); }),
             {"result=rate_limited", "more than 0.25 new", "devices.connect_rate_per_source"});
  ASSERT_EQ(gateway.refused.size(), 1u);
  EXPECT_STREQ(gateway.refused[0].result, "rate_limited");
  EXPECT_EQ(gateway.refused[0].source, "127.0.0.1");
}

// Whoever is in keeps its place, and nobody else can have it.
TEST(Listener, limitsConnections) {
  ListenerSettings settings = Gateway::defaults();
  settings.connectionsMax = 1;
  Gateway gateway{settings};
  Peer first = Peer::dial(gateway.listener->port());
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return first.shakeHands(helloOf(&Gateway::device())); }));
  ASSERT_TRUE(gateway.turnUntil([&] { return gateway.guests.size() == 1; }));
  Gateway::Guest guest = std::move(gateway.guests.front());
  gateway.guests.clear();
  guest.wire->admitted();
  expectLine(logOf(gateway, "too_many_connections", [](Peer& peer) { EXPECT_TRUE(peer.hearsEnd()); }),
             {"devices.max_connections"});
  // A place becomes free with the wire.
  guest.wire.reset();
  Peer next = Peer::dial(gateway.listener->port());
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return next.shakeHands(helloOf(&Gateway::device())); })) << next.problem;
}

TEST(Listener, makesRoomForNewcomersAmongThoseWhoSayNothing) {
  ListenerSettings settings = Gateway::defaults();
  settings.unauthenticatedMax = 2;
  Gateway gateway{settings};
  Peer admitted = Peer::dial(gateway.listener->port());
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return admitted.shakeHands(helloOf(&Gateway::device())); }));
  ASSERT_TRUE(gateway.turnUntil([&] { return gateway.guests.size() == 1; }));
  gateway.guests[0].wire->admitted();
  Peer silent = Peer::dial(gateway.listener->port());
  Peer certified = Peer::dial(gateway.listener->port());
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return certified.shakeHands(helloOf(&Gateway::device())); }));
  Peer next = Peer::dial(gateway.listener->port());
  testing::internal::CaptureStderr();
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return next.shakeHands(helloOf(&Gateway::device())); })) << next.problem;
  expectLine(testing::internal::GetCapturedStderr(), {"result=too_many_unauthenticated", "devices.max_unauthenticated"});
  EXPECT_TRUE(silent.hearsEnd());
  Peer last = Peer::dial(gateway.listener->port());
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return last.shakeHands(helloOf(&Gateway::device())); })) << last.problem;
  ASSERT_TRUE(gateway.turnUntil([&] { return gateway.guests.size() == 4; }));
  EXPECT_TRUE(gateway.guests[1].notebook.closed);
  EXPECT_EQ(gateway.metrics.counter("unauthenticated_dropped_total", "").value(), 2u);
  EXPECT_FALSE(gateway.guests[0].notebook.closed);
  EXPECT_NE(gateway.metrics.text().find("connections_unauthenticated 2"), std::string::npos);
}

TEST(Listener, leavesItsWiresAliveWhenItIsDestroyed) {
  Gateway gateway;
  const std::uint16_t port = gateway.listener->port();
  Peer shaking = Peer::dial(port);
  Peer peer = Peer::dial(port);
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return peer.shakeHands(helloOf(&Gateway::device())); }));
  ASSERT_TRUE(gateway.turnUntil([&] { return gateway.guests.size() == 1; }));
  gateway.listener->stop();
  gateway.listener.reset();
  EXPECT_TRUE(shaking.hearsEnd());
  test::beside(gateway.loop, [&] { return peer.say("still here"); });
  EXPECT_TRUE(gateway.turnUntil([&] { return gateway.guests[0].notebook.heard == "still here"; }));
  base::append(gateway.guests[0].wire->outbox(), "me too");
  gateway.guests[0].wire->close();
  EXPECT_EQ(peer.hearAll(), "me too");
}

TEST(Listener, saysWhyItCannotOpen) {
  Gateway gateway;
  const auto errorOf = [&](const std::function<void(ListenerSettings&)>& change) {
    ListenerSettings settings = Gateway::defaults();
    settings.certificate = gateway.directory.path("server.pem");
    settings.privateKey = gateway.directory.path("server.key");
    change(settings);
    auto opened = Listener::open(gateway.loop, settings, gateway.clock, gateway.metrics, nullptr, nullptr);
    return opened ? std::string{} : opened.error();
  };
  EXPECT_EQ(errorOf([](ListenerSettings&) {}), "");
  EXPECT_NE(errorOf([](ListenerSettings& settings) { settings.address = "gateway"; }).find("`gateway` is not an IP address"),
            std::string::npos);
  EXPECT_NE(errorOf([&](ListenerSettings& settings) { settings.port = gateway.listener->port(); }).find("Address already in use"),
            std::string::npos);
  EXPECT_NE(
      errorOf([&](ListenerSettings& settings) { settings.certificate = gateway.directory.path("none.pem"); }).find("none.pem"),
      std::string::npos);
}

// Listens before there is a gateway, as systemd does.
int listeningSocket(sockaddr_in& address) {
  const int made = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  EXPECT_EQ(::bind(made, reinterpret_cast<const sockaddr*>(&address), size), 0);
  EXPECT_EQ(::listen(made, 8), 0);
  EXPECT_EQ(::getsockname(made, reinterpret_cast<sockaddr*>(&address), &size), 0);
  return made;
}

TEST(Listener, servesWhoWaitedInAnInheritedSocketAndLeavesTheNextToTheNextProcess) {
  sockaddr_in address{};
  const int systemds = listeningSocket(address);
  ListenerSettings settings = Gateway::defaults();
  settings.address = "192.0.2.1";  // not looked at
  settings.inherited = ::dup(systemds);
  Peer early = Peer::dial(ntohs(address.sin_port));
  Gateway gateway{settings};
  EXPECT_EQ(gateway.listener->port(), ntohs(address.sin_port));
  EXPECT_EQ(gateway.listener->address(), "127.0.0.1");
  EXPECT_TRUE(test::beside(gateway.loop, [&] { return early.shakeHands(helloOf(&Gateway::device())); })) << early.problem;
  ASSERT_TRUE(gateway.turnUntil([&] { return gateway.guests.size() == 1; }));

  gateway.listener->stop();
  Peer late = Peer::dial(ntohs(address.sin_port));
  gateway.loop.poll();
  EXPECT_EQ(gateway.guests.size(), 1u);
  settings.inherited = ::dup(systemds);
  Gateway next{settings};
  EXPECT_TRUE(test::beside(next.loop, [&] { return late.shakeHands(helloOf(&Gateway::device())); })) << late.problem;
  EXPECT_TRUE(next.turnUntil([&] { return next.guests.size() == 1; }));
  ::close(systemds);
}

TEST(Listener, opensWithAnExpiredCertificate) {
  Gateway gateway;
  const test::Identity old =
      test::make({.commonNames = {"old"}, .subjectAltName = {}, .ca = false, .lasts = std::chrono::hours{-1}});
  ListenerSettings settings = Gateway::defaults();
  settings.certificate = gateway.directory.write("old.pem", {&old});
  settings.privateKey = gateway.directory.writeKey("old.key", old);
  const auto opened = Listener::open(gateway.loop, settings, gateway.clock, gateway.metrics, nullptr, nullptr);
  ASSERT_TRUE(opened) << opened.error();
  EXPECT_EQ((*opened)->certificate().facts.commonName, "old");
}

}  // namespace
}  // namespace spheregate::tls
