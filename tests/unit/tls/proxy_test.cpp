#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>

#include "unit/tls/hub_side.hpp"
#include "unit/tls/proxy.hpp"

namespace spheregate::tls {
namespace {

using test::Gateway;
using test::Proxy;
using test::Wire;

class ProxyTest : public test::HubSideTest {
 protected:
  // From now on the way leads through a proxy.
  Proxy& through(Proxy::Manners manners = {}) {
    proxy.emplace(hub.port, std::move(manners));
    settings.proxy.address = {.host = "127.0.0.1", .port = proxy->port};
    return *proxy;
  }
  base::Explained<Wire> answered(std::string answer) {
    through({.answer = std::move(answer)});
    return connectAlone();
  }
  void logIn(const std::string& password) {
    settings.proxy.user = "plant";
    settings.proxy.passwordFile = directory.writeText("password", password);
  }
  void expectNoStart(std::initializer_list<const char*> parts) {
    const auto connector = Connector::open(loop, settings);
    ASSERT_FALSE(connector);
    for (const char* part : parts)
      EXPECT_NE(connector.error().find(part), std::string::npos) << part << " in " << connector.error();
  }

  std::optional<Proxy> proxy;
};

TEST_F(ProxyTest, leadsToTheHubAndResolvesItsName) {
  through();
  settings.host = "hub.invalid";  // which nobody can resolve but the proxy
  const test::Identity identity = test::make({.commonNames = {"hub"}, .subjectAltName = "DNS:hub.invalid"}, &Gateway::root());
  auto wire = connect(identity);
  ASSERT_TRUE(wire) << wire.error();
  const std::string hubAt = "hub.invalid:" + std::to_string(hub.port);
  const std::string request = proxy->request();
  EXPECT_TRUE(request.starts_with("CONNECT " + hubAt + " HTTP/1.1\r\n")) << request;
  EXPECT_NE(request.find("\r\nHost: " + hubAt + "\r\n"), std::string::npos) << request;
  EXPECT_EQ(request.find("Authorization"), std::string::npos) << request;
  EXPECT_EQ((*wire)->peer(), hubAt + " through the proxy 127.0.0.1:" + std::to_string(proxy->port));
  EXPECT_STREQ(SSL_get_servername(other->ssl.get(), TLSEXT_NAMETYPE_host_name), "hub.invalid");
  test::Notebook notebook;
  (*wire)->attach(notebook);
  base::append((*wire)->outbox(), "CONNECT");
  (*wire)->flush();
  EXPECT_EQ(test::beside(loop, [&] { return other->hear(); }), "CONNECT");
  other->say("CONNACK");
  EXPECT_TRUE(test::turnUntil(loop, [&] { return notebook.heard == "CONNACK"; }));
}

TEST_F(ProxyTest, leadsToAnotherHostThanTheOneOfTheSettings) {
  through();
  settings.host = "elsewhere.invalid";
  dialed = "localhost";
  ASSERT_TRUE(connect(Gateway::server()));
  EXPECT_TRUE(proxy->request().starts_with("CONNECT localhost:"));
}

TEST_F(ProxyTest, putsBracketsAroundAnAddressWithColons) {
  through({.answer = "HTTP/1.1 403 no\r\n\r\n"});
  settings.host = "::1";
  expectError(connectAlone(), {"CONNECT [::1]:"});
  EXPECT_TRUE(proxy->request().starts_with("CONNECT [::1]:" + std::to_string(hub.port) + " HTTP/1.1"));
}

TEST_F(ProxyTest, aHubWhoseTlsFailsIsNamedWithTheProxy) {
  through();
  const test::Identity wrong = test::make({.commonNames = {"x"}, .subjectAltName = "DNS:other.example"}, &Gateway::root());
  expectError(connect(wrong), {"TLS handshake with localhost:", " through the proxy 127.0.0.1:", "hostname mismatch"});
}

TEST_F(ProxyTest, logsInWithThePasswordOfTheFile) {
  for (const char* text : {"open sesame", "open sesame\n", "open sesame\r\n"}) {
    through();
    logIn(text);
    ASSERT_TRUE(connect(Gateway::server()));
    EXPECT_NE(proxy->request().find("\r\nProxy-Authorization: Basic cGxhbnQ6b3BlbiBzZXNhbWU=\r\n"), std::string::npos);
  }
}

TEST_F(ProxyTest, namesThePasswordFileThatCannotBeUsedAndNeverItsContent) {
  through();
  for (const std::string& text :
       {std::string{}, std::string{"\n\n"}, std::string(1025, 'p'), std::string{"one\ntwo"}, std::string{"a\0b", 3}}) {
    logIn(text);
    expectNoStart({"upstream.proxy_password_file: ", "/password"});
    EXPECT_EQ(Connector::open(loop, settings).error().find("two"), std::string::npos);
  }
  logIn(std::string(1024, 'p'));
  EXPECT_TRUE(Connector::open(loop, settings));
  settings.proxy.passwordFile = directory.path("none");
  expectNoStart({"/none", "No such file"});
  settings.proxy.passwordFile = directory.path("");
  expectNoStart({"is a directory"});
  settings.proxy.passwordFile = "/dev/zero";
  expectNoStart({"/dev/zero"});
}

TEST_F(ProxyTest, saysWhatToDoAboutARefusal) {
  const std::string basic = "\r\nProxy-Authenticate: Negotiate\r\nProxy-Authenticate: BASIC realm=\"p\"\r\n\r\n<html>no</html>";
  expectError(
      answered("HTTP/1.1 407 Get lost" + basic),
      {"CONNECT localhost:", " through the proxy 127.0.0.1:", ": 407 Proxy Authentication Required; set upstream.proxy_user"});
  logIn("wrong");
  expectError(answered("HTTP/1.1 407 x" + basic), {"check upstream.proxy_user and the password in"});
  expectError(answered("HTTP/1.1 401 Unauthorized\r\n\r\n"), {"check upstream.proxy_user and the password in"});
  expectError(answered("HTTP/1.0 407 x\r\nProxy-Authenticate: NTLM\r\n\r\n"), {"407", "does not offer Basic"});
  expectError(answered("HTTP/1.1 403 Forbidden\r\nContent-Length: 99999999\r\n\r\n<html>"),
              {"403 Forbidden; let the proxy allow CONNECT"});
  for (const char* status : {"500", "502", "503", "504"}) {
    expectError(answered("HTTP/1.1 " + std::string{status} + " x\r\n\r\n"), {status, "the proxy does not reach the hub"});
  }
  expectError(answered("HTTP/1.1 501 x\r\n\r\n"), {"501 Not Implemented; it does not know CONNECT"});
  expectError(answered("HTTP/1.1 302 x\r\nLocation: http://login/\r\n\r\n"),
              {"302 Found; check that upstream.proxy names an HTTP proxy"});
  expectError(answered("HTTP/1.1 999 x\r\n\r\n"), {"999 ", "the proxy does not reach the hub"});
}

TEST_F(ProxyTest, whatIsNoAnswerIsSaidToBeNone) {
  constexpr const char* check = "check that upstream.proxy names an HTTP proxy";
  expectError(answered("SSH-2.0-OpenSSH_9.2\r\n\r\n"), {"the answer is not HTTP", check});
  expectError(answered(std::string{"\x15\x03\x01\x00\x02\x02\x46\r\n\r\n", 11}), {"the answer is not HTTP", check});
  expectError(answered("HTTP/1.1 200 OK\r\nX: " + std::string(9000, 'x') + "\r\n\r\n"), {"more than 8 KiB", check});
  expectError(answered("HTTP/1.1 200 OK\r\n\r\n<html>welcome</html>"), {"went on talking", check});
  through({.answer = "HTTP/1.1 200 OK\r\nX", .hangsUp = true});
  expectError(connectAlone(), {"closed by the proxy without an answer", check});
  through({.answer = "", .hangsUp = true});
  expectError(connectAlone(), {"CONNECT localhost:", check});
}

TEST_F(ProxyTest, waitsForNobodyLongerThanItsTime) {
  settings.connectTimeout = std::chrono::milliseconds{150};
  through({.silent = true});
  expectError(connectAlone(), {"CONNECT localhost:", "no whole answer in time"});
  through({.answer = "HTTP/1.1 200 " + std::string(4000, 'x'), .trickles = true});
  expectError(connectAlone(), {"CONNECT localhost:", "no whole answer in time"});
}

TEST_F(ProxyTest, aProxyThatIsNotThereIsNamed) {
  through();
  settings.proxy.address.host = "no-such-proxy.invalid";
  expectError(connectAlone(), {"resolve no-such-proxy.invalid: Host not found", "check upstream.proxy and"});
  {
    const test::Hub closed;
    settings.proxy.address = {.host = "127.0.0.1", .port = closed.port};
  }
  expectError(connectAlone(), {"TCP connect to the proxy 127.0.0.1:", "Connection refused"});
}

TEST_F(ProxyTest, anAttemptThatIsDestroyedSaysNothing) {
  through({.silent = true});
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

}  // namespace
}  // namespace spheregate::tls
