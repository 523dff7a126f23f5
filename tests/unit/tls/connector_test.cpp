#include "spheregate/tls/connector.hpp"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "unit/tls/hub_side.hpp"

namespace spheregate::tls {
namespace {

using test::Gateway;
using test::Hub;
using test::Wire;

class ConnectorTest : public test::HubSideTest {};

TEST_F(ConnectorTest, connectsAndTalks) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    auto wire = connect(Gateway::server(), version);
    ASSERT_TRUE(wire) << wire.error();
    EXPECT_EQ((*wire)->peer(), "127.0.0.1:" + std::to_string(hub.port));
    test::Notebook notebook;
    base::append((*wire)->outbox(), "CONNECT");
    (*wire)->flush();
    (*wire)->attach(notebook);
    EXPECT_EQ(test::beside(loop, [&] { return other->hear(); }), "CONNECT");
    // TLS 1.3 servers send session tickets, which are no data.
    other->say("CONNACK");
    EXPECT_TRUE(test::turnUntil(loop, [&] { return notebook.heard == "CONNACK"; }));
    EXPECT_STREQ(SSL_get_servername(other->ssl.get(), TLSEXT_NAMETYPE_host_name), "localhost");
  }
}

TEST_F(ConnectorTest, verifiesAnAddressAsAnAddress) {
  settings.host = "127.0.0.1";
  EXPECT_TRUE(connect(Gateway::server()));
  EXPECT_EQ(SSL_get_servername(other->ssl.get(), TLSEXT_NAMETYPE_host_name), nullptr);
  const test::Identity unnamed = test::make({.commonNames = {"127.0.0.1"}, .subjectAltName = "DNS:localhost"}, &Gateway::root());
  expectError(connect(unnamed), {"TLS handshake with 127.0.0.1:", "IP address mismatch", "set upstream.hub"});
}

TEST_F(ConnectorTest, dialsAnotherHostThanTheOneOfItsSettings) {
  settings.host = "no-such-host.invalid";
  dialed = "localhost";
  const auto wire = connect(Gateway::server());
  ASSERT_TRUE(wire) << wire.error();
  EXPECT_STREQ(SSL_get_servername(other->ssl.get(), TLSEXT_NAMETYPE_host_name), "localhost");
  const test::Identity wrong =
      test::make({.commonNames = {"hub"}, .subjectAltName = "DNS:no-such-host.invalid"}, &Gateway::root());
  expectError(connect(wrong), {"hostname mismatch"});
}

TEST_F(ConnectorTest, refusesAnotherHostName) {
  const test::Identity wrong =
      test::make({.commonNames = {"localhost"}, .subjectAltName = "DNS:other.example"}, &Gateway::root());
  expectError(connect(wrong),
              {"TLS handshake with 127.0.0.1:", "certificate verify failed", "hostname mismatch", "set upstream.hub"});
}

TEST_F(ConnectorTest, refusesAnUnknownAuthority) {
  const test::Identity stranger = test::make({.commonNames = {"Stranger"}, .subjectAltName = {}, .ca = true});
  const test::Identity wrong = test::make({.commonNames = {"localhost"}, .subjectAltName = "DNS:localhost"}, &stranger);
  expectError(connect(wrong), {"certificate verify failed", "unable to get local issuer certificate", "set upstream.ca"});
}

TEST_F(ConnectorTest, namesTheIssuerOfWhoeverIsInBetween) {
  const test::Identity inspector = test::make({.commonNames = {"Inspector \"Root\"\n2"}, .subjectAltName = {}, .ca = true});
  const test::Identity faked = test::make({.commonNames = {"localhost"}, .subjectAltName = "DNS:localhost"}, &inspector);
  expectError(connect(faked), {"issued by \"CN=Inspector \\\"Root\\\"\\0A2\"; ", "if this site inspects TLS, exempt the hub"});
  expectError(connect(inspector), {"self-signed certificate), issued by \"CN=Inspector"});
  const test::Identity huge = test::make({.commonNames = {std::string(60'000, 'x')}, .subjectAltName = {}, .ca = true});
  const auto result = connect(test::make({.commonNames = {"localhost"}, .subjectAltName = "DNS:localhost"}, &huge));
  ASSERT_FALSE(result);
  EXPECT_LT(result.error().size(), 1024u);
}

TEST_F(ConnectorTest, refusesAnExpiredCertificate) {
  const test::Identity expired =
      test::make({.commonNames = {"localhost"}, .subjectAltName = "DNS:localhost", .ca = false, .lasts = std::chrono::hours{-1}},
                 &Gateway::root());
  expectError(connect(expired), {"certificate has expired", "check the clock"});
}

TEST_F(ConnectorTest, saysWhichStepFailed) {
  settings.host = "no-such-host.invalid";
  expectError(connectAlone(), {"resolve no-such-host.invalid: Host not found", "upstream.hub"});
  {
    const Hub closed;
    settings.port = closed.port;
  }
  settings.host = "127.0.0.1";
  expectError(connectAlone(), {"TCP connect to 127.0.0.1:", "Connection refused"});
}

TEST_F(ConnectorTest, saysThatTheOtherSideDoesNotSpeakTls) {
  settings.host = "127.0.0.1";
  auto answer = std::async(std::launch::async, [&] { return hub.accept().sayPlainly("HTTP/1.1 400 Bad Request\r\n\r\n"); });
  expectError(connectAlone(), {"TLS handshake with 127.0.0.1:"});
  EXPECT_TRUE(answer.get());
}

TEST_F(ConnectorTest, givesUpInTime) {
  settings.host = "127.0.0.1";
  settings.connectTimeout = std::chrono::milliseconds{50};
  expectError(connectAlone(), {"TLS handshake with 127.0.0.1:", "no answer in time"});
}

TEST_F(ConnectorTest, anAttemptThatIsDestroyedSaysNothing) {
  const auto connector = Connector::open(loop, settings);
  ASSERT_TRUE(connector);
  bool ran = false;
  for (const int milliseconds : {0, 1, 3, 20}) {
    auto attempt = (*connector)->connect({}, [&](base::Explained<Wire>) { ran = true; });
    loop.restart();
    loop.run_for(std::chrono::milliseconds{milliseconds});
    attempt.reset();
  }
  loop.restart();
  loop.run_for(std::chrono::milliseconds{30});
  EXPECT_FALSE(ran);
}

TEST_F(ConnectorTest, aWireOutlivesItsConnectorAndAttempt) {
  auto wire = connect(Gateway::server());
  ASSERT_TRUE(wire) << wire.error();
  base::append((*wire)->outbox(), "bye");
  (*wire)->close();
  EXPECT_EQ(other->hearAll(), "bye");
}

TEST_F(ConnectorTest, namesTheFileOfAnchorsThatCannotBeRead) {
  settings.ca = directory.writeText("empty.pem", "");
  const auto connector = Connector::open(loop, settings);
  ASSERT_FALSE(connector);
  EXPECT_NE(connector.error().find("empty.pem"), std::string::npos) << connector.error();
  settings.ca.clear();
  EXPECT_TRUE(Connector::open(loop, settings));
}

}  // namespace
}  // namespace spheregate::tls
