#include "spheregate/tls/connector.hpp"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/post.hpp>
#include <future>
#include <optional>
#include <string>

#include "unit/tls/gateway.hpp"

namespace spheregate::tls {
namespace {

using test::Gateway;
using test::Peer;
using Wire = std::unique_ptr<base::Wire>;

// A hub that accepts one connection after the other, with blocking calls.
class Hub {
 public:
  Hub() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(::bind(socket_.descriptor(), reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(::listen(socket_.descriptor(), 8), 0);
    EXPECT_EQ(::getsockname(socket_.descriptor(), reinterpret_cast<sockaddr*>(&address), &size), 0);
    port = ntohs(address.sin_port);
  }
  Peer accept() { return Peer{Socket{::accept(socket_.descriptor(), nullptr, nullptr)}}; }

  std::uint16_t port = 0;

 private:
  Socket socket_{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
};

class ConnectorTest : public ::testing::Test {
 protected:
  ConnectorTest() {
    settings.host = "localhost";
    settings.port = hub.port;
    settings.ca = directory.write("root.pem", {&Gateway::root()});
    settings.connectTimeout = std::chrono::seconds{5};
  }

  // Connects to a hub that answers once with the given certificate.
  base::Explained<Wire> connect(const test::Identity& identity, int version = TLS1_3_VERSION) {
    auto answer = std::async(std::launch::async, [&] {
      auto peer = std::make_unique<Peer>(hub.accept());
      peer->answerHandshake(identity, version);
      return peer;
    });
    auto result = connectAlone();
    other = answer.get();
    return result;
  }
  base::Explained<Wire> connectAlone() {
    const auto connector = Connector::open(loop, settings);
    EXPECT_TRUE(connector) << connector.error();
    std::optional<base::Explained<Wire>> result;
    const auto attempt = (*connector)->connect(dialed, [&](base::Explained<Wire> done) { result.emplace(std::move(done)); });
    EXPECT_FALSE(result);
    EXPECT_TRUE(test::turnUntil(loop, [&] { return result.has_value(); }));
    return std::move(*result);
  }
  void expectError(const base::Explained<Wire>& result, std::initializer_list<const char*> parts) {
    ASSERT_FALSE(result);
    for (const char* part : parts) EXPECT_NE(result.error().find(part), std::string::npos) << part << " in " << result.error();
  }

  test::Directory directory;
  boost::asio::io_context loop;
  Hub hub;
  ConnectorSettings settings;
  std::string dialed;  // empty: the host of the settings
  std::unique_ptr<Peer> other;
};

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
  expectError(connectAlone(), {"TCP connect 127.0.0.1:", "Connection refused"});
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
