// What is said of everyone whose handshake fails, each brought about by a real peer.
#include "refusal.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "client_alert.hpp"
#include "unit/tls/gateway.hpp"

namespace spheregate::tls {
namespace {

using test::Gateway;
using test::Identity;
using test::Peer;

class RefusalTest : public ::testing::TestWithParam<int> {
 protected:
  Peer::Hello device() const {
    Peer::Hello hello;
    hello.version = GetParam();
    hello.identity = &Gateway::device();
    hello.trusted = &Gateway::root().certificate;
    return hello;
  }

  // What the sink is told of one peer.
  RefusedPeer refusalOf(const std::function<void(Peer&)>& play) {
    gateway->refused.clear();
    Peer peer = Peer::dial(gateway->listener->port());
    test::beside(gateway->loop, [&] {
      play(peer);
      return true;
    });
    EXPECT_TRUE(gateway->turnUntil([&] { return !gateway->refused.empty(); }));
    return gateway->refused.empty() ? RefusedPeer{} : gateway->refused.front();
  }
  RefusedPeer refusalOf(const Peer::Hello& hello) {
    return refusalOf([&hello](Peer& peer) { EXPECT_FALSE(peer.shakeHands(hello)); });
  }

  static void expect(const RefusedPeer& refused, const char* result, std::initializer_list<const char*> parts) {
    EXPECT_STREQ(refused.result, result);
    const std::string all = refused.reason + " | " + refused.fix;
    for (const char* part : parts) EXPECT_NE(all.find(part), std::string::npos) << part << " in " << all;
    EXPECT_FALSE(refused.fix.empty());
  }

  std::unique_ptr<Gateway> gateway = std::make_unique<Gateway>();
};

INSTANTIATE_TEST_SUITE_P(Versions, RefusalTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& version) { return version.param == TLS1_2_VERSION ? "Tls12" : "Tls13"; });

TEST_P(RefusalTest, aDeviceThatDoesNotKnowTheRoot) {
  const Identity stranger = test::make({.commonNames = {"another root"}, .subjectAltName = {}, .ca = true});
  Peer::Hello hello = device();
  hello.trusted = &stranger.certificate;
  expect(refusalOf(hello), "client_alert", {"does not know who issued", "alert unknown CA", "`CN=Gateway Root`", "give the device the root", "spheregate export-root"});
}

TEST_P(RefusalTest, aDeviceThatKnowsAnotherRootOfTheSameName) {
  const Identity twin = test::make({.commonNames = {"Gateway Root"}, .subjectAltName = {}, .ca = true});
  Peer::Hello hello = device();
  hello.trusted = &twin.certificate;
  expect(refusalOf(hello), "client_alert", {"another root of the same name"});
}

TEST_P(RefusalTest, aDeviceThatDialledAnotherName) {
  Peer::Hello hello = device();
  hello.dials = "other.plant.example";
  hello.checksName = true;
  const RefusedPeer refused = refusalOf(hello);
  expect(refused, "client_alert", {"the device dialled `other.plant.example`", "is for `gateway.plant.example`, `localhost`, `127.0.0.1`"});
  EXPECT_EQ(refused.serverName, "other.plant.example");
  EXPECT_EQ(refused.protocol, GetParam() == TLS1_2_VERSION ? "TLS 1.2" : "TLS 1.3");
}

TEST_P(RefusalTest, aDeviceThatDoesNotTellWhatItDialled) {
  Peer::Hello hello = device();
  hello.finds = X509_V_ERR_HOSTNAME_MISMATCH;
  expect(refusalOf(hello), "client_alert", {"bad certificate", "wolfSSL", "`gateway.plant.example`", "check its clock"});
}

TEST_P(RefusalTest, aDeviceThatDialledTheRightNameAndRefusesAllTheSame) {
  Peer::Hello hello = device();
  hello.dials = "GATEWAY.plant.example";
  hello.finds = X509_V_ERR_CERT_NOT_YET_VALID;
  expect(refusalOf(hello), "client_alert", {"though it covers `GATEWAY.plant.example`", "its clock"});
}

TEST_P(RefusalTest, aDeviceWhoseClockIsWrong) {
  Peer::Hello hello = device();
  hello.finds = X509_V_ERR_CERT_HAS_EXPIRED;
  expect(refusalOf(hello), "client_alert", {"expired or not yet valid", "it is valid from", "set the device's clock"});
}

TEST_P(RefusalTest, aGatewayWhoseCertificateHasExpired) {
  const Identity old =
      test::make({.commonNames = {"old"}, .subjectAltName = "DNS:localhost", .ca = false, .lasts = std::chrono::hours{-2}}, &Gateway::root());
  ListenerSettings settings = Gateway::defaults();
  Gateway another;
  settings.certificate = another.directory.write("old.pem", {&old});
  settings.privateKey = another.directory.writeKey("old.key", old).string();
  auto opened = Listener::open(another.loop, settings, another.clock, another.metrics, nullptr, nullptr,
                               [&](const RefusedPeer& peer) { another.refused.push_back(peer); });
  ASSERT_TRUE(opened) << opened.error();
  Peer peer = Peer::dial((*opened)->port());
  test::beside(another.loop, [&] { return peer.shakeHands(device()); });
  ASSERT_TRUE(another.turnUntil([&] { return !another.refused.empty(); }));
  expect(another.refused.front(), "client_alert", {"`CN=old` that the gateway shows expired 2 h", "ago", "renew it in tls.certificate"});
}

TEST_P(RefusalTest, aDeviceThatCannotUseThatKindOfCertificate) {
  Peer::Hello hello = device();
  hello.finds = X509_V_ERR_INVALID_PURPOSE;
  expect(refusalOf(hello), "client_alert", {"unsupported certificate", "an ECDSA key on P-256", "serverAuth"});
}

TEST_P(RefusalTest, aDeviceThatDoesNotSayWhy) {
  Peer::Hello hello = device();
  hello.finds = X509_V_ERR_APPLICATION_VERIFICATION;
  expect(refusalOf(hello), "client_alert", {"the device"});
}

TEST_P(RefusalTest, aDeviceThatFindsOutAfterTheHandshake) {
  const RefusedPeer damaged = refusalOf([this](Peer& peer) {
    EXPECT_TRUE(peer.shakeHands(device()));
    peer.findsRecordDamaged();
  });
  expect(damaged, "client_alert", {"could not make sense", "record mac"});

  const RefusedPeer silent = refusalOf([this](Peer& peer) {
    Peer::Hello hello = device();
    hello.dials = "other.plant.example";
    EXPECT_TRUE(peer.shakeHands(hello));
    peer.sayGoodbye();
  });
  expect(silent, "client_alert", {"dialled `other.plant.example`", "left after the handshake without a word"});
  EXPECT_EQ(gateway->handshakes("ok"), 2u);
  EXPECT_EQ(gateway->handshakes("client_alert"), 2u);
}

TEST_P(RefusalTest, nobodyWhoLeavesOfHisOwnWill) {
  Peer peer = Peer::dial(gateway->listener->port());
  Peer talker = Peer::dial(gateway->listener->port());
  test::beside(gateway->loop, [&] {
    EXPECT_TRUE(peer.shakeHands(device()));
    peer.sayGoodbye();
    EXPECT_TRUE(talker.shakeHands(device()));
    talker.say("hello");
    talker.findsRecordDamaged();
    return true;
  });
  EXPECT_TRUE(gateway->turnUntil(
      [&] { return gateway->guests.size() == 2 && gateway->guests[0].notebook.closed && gateway->guests[1].notebook.closed; }));
  EXPECT_TRUE(gateway->refused.empty());
}

TEST(Refusal, whatIsNotTls) {
  Gateway gateway;
  struct Case {
    std::string said;
    const char* reason;
    const char* fix;
  };
  using namespace std::string_literals;
  for (const auto& [said, reason, fix] :
       {Case{"GET / HTTP/1.1\r\nHost: gateway\r\n\r\n", "an HTTP request came", "http.listen"},
        Case{"CONNECT hub:443 HTTP/1.1\r\n\r\n", "an HTTP request came", "http.listen"},
        Case{"\x10\x0e\0\4MQTT\4\2\0\x3c\0\2id"s, "MQTT came without TLS", "connect with MQTT over TLS 1.2 or 1.3"},
        Case{"\x10\x90\x01\0\4MQTT\4\2\0\x3c\0\2id"s, "MQTT came without TLS", "connect with MQTT over TLS 1.2 or 1.3"},
        Case{"SSH-2.0-OpenSSH_9.2\r\n", "begins with the bytes 53 53 48 2d", "connect with MQTT over TLS 1.2 or 1.3"}}) {
    gateway.refused.clear();
    Peer peer = Peer::dial(gateway.listener->port());
    test::beside(gateway.loop, [&peer, text = said] {
      peer.sayPlainly(text);
      return peer.hearsEnd();
    });
    ASSERT_TRUE(gateway.turnUntil([&] { return !gateway.refused.empty(); }));
    EXPECT_STREQ(gateway.refused[0].result, "protocol");
    EXPECT_NE(gateway.refused[0].reason.find(reason), std::string::npos) << gateway.refused[0].reason;
    EXPECT_NE(gateway.refused[0].fix.find(fix), std::string::npos) << gateway.refused[0].fix;
    EXPECT_EQ(gateway.refused[0].protocol, "");
  }
}

class Offers : public ::testing::Test {
 protected:
  RefusedPeer refusalOf(const Peer::Hello& hello) {
    Peer peer = Peer::dial(gateway.listener->port());
    EXPECT_FALSE(test::beside(gateway.loop, [&] { return peer.shakeHands(hello); }));
    EXPECT_TRUE(gateway.turnUntil([&] { return !gateway.refused.empty(); }));
    return gateway.refused.empty() ? RefusedPeer{} : gateway.refused.back();
  }
  static void expect(const RefusedPeer& refused, const char* result, std::initializer_list<const char*> parts) {
    EXPECT_STREQ(refused.result, result);
    for (const char* part : parts) EXPECT_NE((refused.reason + refused.fix).find(part), std::string::npos) << part << " in " << refused.reason;
  }

  ListenerSettings settings = Gateway::defaults();
  Gateway gateway{settings};
};

TEST_F(Offers, ofAnOldVersion) {
  Peer::Hello hello;
  hello.version = TLS1_1_VERSION;
  const RefusedPeer refused = refusalOf(hello);
  expect(refused, "protocol", {"at most TLS 1.1", "takes TLS 1.2 or 1.3"});
  EXPECT_EQ(refused.protocol, "TLS 1.1");
}

TEST(Refusal, ofAVersionThatIsOldHere) {
  ListenerSettings settings = Gateway::defaults();
  settings.minVersion = MinVersion::tls13;
  Gateway gateway{settings};
  Peer peer = Peer::dial(gateway.listener->port());
  Peer::Hello hello;
  hello.version = TLS1_2_VERSION;
  test::beside(gateway.loop, [&] { return peer.shakeHands(hello); });
  ASSERT_TRUE(gateway.turnUntil([&] { return !gateway.refused.empty(); }));
  EXPECT_EQ(gateway.refused[0].reason, "the device offers at most TLS 1.2, and the gateway takes TLS 1.3");
  EXPECT_EQ(gateway.refused[0].fix, "connect with MQTT over TLS 1.3, or set tls.min_version to 1.2");
}

TEST_F(Offers, ofCiphersThatWeDoNotHave) {
  Peer::Hello hello;
  hello.version = TLS1_2_VERSION;
  hello.ciphers = "ECDHE-ECDSA-AES128-SHA:AES256-SHA";
  expect(refusalOf(hello), "no_shared_cipher",
         {"cipher in common", "offers ECDHE-ECDSA-AES128-SHA, AES256-SHA with", "an ECDSA key on P-256"});
}

TEST_F(Offers, ofCiphersForAnotherKindOfKey) {
  Peer::Hello hello;
  hello.version = TLS1_2_VERSION;
  hello.ciphers = "ECDHE-RSA-AES256-GCM-SHA384";
  expect(refusalOf(hello), "no_shared_cipher", {"offers ECDHE-RSA-AES256-GCM-SHA384 with", "an ECDSA key on P-256"});
}

TEST_F(Offers, ofGroupsThatWeDoNotHave) {
  Peer::Hello hello;
  hello.groups = "brainpoolP512r1:brainpoolP256r1";
  hello.version = TLS1_2_VERSION;
  expect(refusalOf(hello), "no_shared_cipher", {"cipher in common", "with the groups 0x001c, brainpoolP256r1;"});
}

TEST_F(Offers, ofSignaturesThatDoNotFitTheKey) {
  Peer::Hello hello;
  hello.signatures = "rsa_pss_rsae_sha256:rsa_pkcs1_sha256";
  expect(refusalOf(hello), "no_shared_cipher", {"signature in common", "offers rsa_pss_rsae_sha256, rsa_pkcs1_sha256;"});
}

TEST(Refusal, saysHowFarASlowHandshakeCame) {
  ListenerSettings settings = Gateway::defaults();
  settings.handshakeTimeout = std::chrono::milliseconds{200};
  Gateway gateway{settings};
  Peer silent = Peer::dial(gateway.listener->port());
  ASSERT_TRUE(gateway.turnUntil([&] { return gateway.refused.size() == 1; }));
  EXPECT_NE(gateway.refused[0].reason.find("nothing was said at all"), std::string::npos) << gateway.refused[0].reason;
}

TEST(Names, coverWhatIsDialled) {
  const ShownCertificate shown{.facts = {}, .names = {"Gateway.plant.example", "*.site.example", "10.1.2.3"}};
  for (const char* name : {"gateway.plant.example", "GATEWAY.PLANT.EXAMPLE", "a.site.example", "10.1.2.3"}) EXPECT_TRUE(covers(shown, name)) << name;
  for (const char* name : {"plant.example", "a.b.site.example", "site.example", "10.1.2.4", ""}) EXPECT_FALSE(covers(shown, name)) << name;
}

}  // namespace
}  // namespace spheregate::tls
