#include <gtest/gtest.h>
#include <malloc.h>

#include <string>

#include "spheregate/tls/listener.hpp"
#include "unit/tls/gateway.hpp"

namespace spheregate::tls {
namespace {

using test::Gateway;
using test::Identity;
using test::Peer;

Peer::Hello hello() {
  return {.version = TLS1_3_VERSION, .identity = &Gateway::device(), .trusted = nullptr};
}

class Renewal : public ::testing::Test {
 protected:
  base::Explained<void> renew(const Identity& with, const Identity& key) {
    return gateway.listener->renew(gateway.directory.write("server.pem", {&with, &Gateway::root()}),
                                   gateway.directory.writeKey("server.key", key).string());
  }
  // The common name that a new device is shown; empty when it could not connect.
  std::string nameShown() {
    Peer peer = Peer::dial(gateway.listener->port());
    if (!test::beside(gateway.loop, [&] { return peer.shakeHands(hello()); })) return {};
    const x509::CertificateHandle shown{SSL_get1_peer_certificate(peer.ssl.get())};
    return certificateFacts(*shown).commonName;
  }
  static Identity named(const char* name, std::chrono::hours lasts = std::chrono::hours{24 * 400}) {
    return test::make({.commonNames = {name}, .subjectAltName = "DNS:b.plant.example,IP:10.1.2.3,IP:::1", .ca = false, .lasts = lasts},
                      &Gateway::root());
  }

  Gateway gateway;
};

TEST_F(Renewal, isForHandshakesThatBeginAfterIt) {
  EXPECT_EQ(gateway.listener->certificate().facts.commonName, "gateway.plant.example");
  Peer before = Peer::dial(gateway.listener->port());
  ASSERT_TRUE(test::beside(gateway.loop, [&] { return before.shakeHands(hello()); })) << before.problem;
  ASSERT_TRUE(gateway.turnUntil([&] { return gateway.guests.size() == 1; }));

  const Identity next = named("next.plant.example");
  const auto renewed = renew(next, next);
  ASSERT_TRUE(renewed) << renewed.error();
  EXPECT_EQ(nameShown(), "next.plant.example");
  const ShownCertificate& shown = gateway.listener->certificate();
  EXPECT_EQ(shown.facts.commonName, "next.plant.example");
  EXPECT_EQ(shown.names, (std::vector<std::string>{"b.plant.example", "10.1.2.3", "::1"}));

  // Who was there before goes on.
  test::beside(gateway.loop, [&] { return before.say("still here"); });
  EXPECT_TRUE(gateway.turnUntil([&] { return gateway.guests[0].notebook.heard == "still here"; }));
}

TEST_F(Renewal, leavesHandshakesInProgressAlone) {
  // Half a ClientHello: the handshake has begun and holds what it began with.
  Peer slow = Peer::dial(gateway.listener->port());
  ASSERT_TRUE(gateway.turnUntil([&] { return slow.sayPlainly("\x16"); }));
  const Identity next = named("next.plant.example");
  ASSERT_TRUE(renew(next, next));
  EXPECT_EQ(nameShown(), "next.plant.example");
  // The client ends its handshake before the gateway does.
  EXPECT_TRUE(gateway.turnUntil([&] { return gateway.handshakes("ok") == 1; }));
}

TEST_F(Renewal, keepsTheOldOnError) {
  const Identity next = named("next.plant.example");
  const auto refused = renew(next, Gateway::server());
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("server.key does not belong to the certificate"), std::string::npos) << refused.error();
  EXPECT_FALSE(gateway.listener->renew(gateway.directory.path("none.pem"), gateway.directory.path("server.key").string()));
  EXPECT_EQ(nameShown(), "gateway.plant.example");
  EXPECT_EQ(gateway.listener->certificate().facts.commonName, "gateway.plant.example");
}

TEST_F(Renewal, preparedIsNotYetTaken) {
  const Identity next = named("next.plant.example");
  const auto taking = gateway.listener->prepare(gateway.directory.write("server.pem", {&next, &Gateway::root()}),
                                                gateway.directory.writeKey("server.key", next).string());
  ASSERT_TRUE(taking) << taking.error();
  EXPECT_EQ(nameShown(), "gateway.plant.example");
  (*taking)();
  EXPECT_EQ(nameShown(), "next.plant.example");
}

TEST_F(Renewal, takesNoExpiredCertificateForAValidOne) {
  const Identity expired = named("old.plant.example", std::chrono::hours{-2});
  const auto refused = renew(expired, expired);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().find("`CN=old.plant.example`"), std::string::npos) << refused.error();
  EXPECT_NE(refused.error().find("expired at"), std::string::npos) << refused.error();
  EXPECT_EQ(nameShown(), "gateway.plant.example");
}

TEST_F(Renewal, leavesNoMemoryBehind) {
  const Identity next = named("next.plant.example");
  const std::string certificate = gateway.directory.write("server.pem", {&next, &Gateway::root()}).string();
  const std::string key = gateway.directory.writeKey("server.key", next).string();
  const auto round = [&](int times) {
    for (int at = 0; at < times; ++at) ASSERT_TRUE(gateway.listener->renew(certificate, key));
  };
  // OpenSSL's own tables grow for some hundred rounds, once.
  round(1000);
  const std::size_t before = mallinfo2().uordblks;
  round(1000);
  // A context takes more than 10 kB; if one in a hundred stayed, this would be 100 kB.
  EXPECT_LT(mallinfo2().uordblks, before + 16 * 1024);
}

}  // namespace
}  // namespace spheregate::tls
