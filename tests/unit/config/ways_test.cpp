#include <gmock/gmock.h>

#include <string>

#include "problems.hpp"

// The ways to the hub: transport, port and proxy.
namespace spheregate::config {
namespace {

using test::leastWith;
using test::problemsOf;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

tls::ConnectorSettings good(const std::string& upstream) {
  const std::string yaml = leastWith("upstream", upstream);
  EXPECT_THAT(problemsOf(yaml), IsEmpty()) << yaml;
  return parse(yaml, "f").config.connector;
}

std::vector<std::string> bad(const std::string& upstream) { return problemsOf(leastWith("upstream", upstream)); }

TEST(Ways, theTransportChoosesThePortUnlessOneIsGiven) {
  EXPECT_EQ(good("transport: mqtt").port, 8883);
  EXPECT_EQ(good("transport: websocket").transport, tls::Transport::webSocket);
  EXPECT_EQ(good("transport: websocket").port, 443);
  EXPECT_EQ(good("transport: websocket\n  port: 8883").port, 8883);
  EXPECT_EQ(good("port: 8443\n  transport: websocket").port, 8443);
  EXPECT_THAT(bad("transport: websockets"), ElementsAre(HasSubstr("did you mean `websocket`?")));
}

TEST(Ways, whatIsShownIsThePortInEffect) {
  const std::string shown = show(parse(leastWith("upstream", "transport: websocket"), "f").config);
  EXPECT_THAT(shown, AllOf(HasSubstr("  port: 443\n"), HasSubstr("  transport: websocket\n")));
  EXPECT_EQ(show(parse(shown, "f").config), shown);
}

TEST(Ways, readsAProxy) {
  EXPECT_EQ(good("proxy: \"\"").proxy.address, tls::ProxyAddress{});
  EXPECT_EQ(good("proxy: http://proxy.plant.example:3128").proxy.address, (tls::ProxyAddress{"proxy.plant.example", 3128}));
  EXPECT_EQ(good("proxy: http://10.0.0.1:8080/").proxy.address, (tls::ProxyAddress{"10.0.0.1", 8080}));
  const std::string six = "proxy: \"http://[fd00::1]:3128\"";
  EXPECT_EQ(good(six).proxy.address, (tls::ProxyAddress{"fd00::1", 3128}));
  EXPECT_THAT(show(parse(leastWith("upstream", six), "f").config), HasSubstr("  proxy: \"http://[fd00::1]:3128\"\n"));
  const auto whole = good("proxy: http://p:1\n  proxy_user: plant\n  proxy_password_file: /a/password");
  EXPECT_EQ(whole.proxy.user, "plant");
  EXPECT_EQ(whole.proxy.passwordFile, "/a/password");
}

TEST(Ways, refusesWhatIsNoProxyAndSaysWhatToWrite) {
  for (const char* wrong :
       {"proxy.plant.example:3128", "ftp://p:3128", "http://:3128", "http://p:0", "http://p:65536", "http://p:x",
        "http://p:3128/path", "http://fd00::1:3128", "http://[10.0.0.1]:3128", "http://a b:3128", "http://"}) {
    const auto problems = bad("proxy: \"" + std::string{wrong} + "\"");
    EXPECT_THAT(problems, ElementsAre(AllOf(HasSubstr("upstream.proxy: "), HasSubstr("http://")))) << wrong;
  }
  for (const char* wrong : {"http://proxy", "http://[fd00::1]", "http://proxy/"}) {
    EXPECT_THAT(bad("proxy: \"" + std::string{wrong} + "\""), ElementsAre(HasSubstr("the port is missing"))) << wrong;
  }
  for (const char* wrong : {"https://proxy:3128", "socks5://proxy:1080"}) {
    EXPECT_THAT(bad("proxy: " + std::string{wrong}), ElementsAre(HasSubstr("plain HTTP"))) << wrong;
  }
}

TEST(Ways, aPasswordInTheAddressIsRefusedAndNotRepeated) {
  EXPECT_THAT(
      bad("proxy: http://plant:hunter2@proxy:3128"),
      ElementsAre(AllOf(HasSubstr("upstream.proxy_user"), HasSubstr("upstream.proxy_password_file"), Not(HasSubstr("hunter2")))));
  EXPECT_THAT(bad("proxy: http://p:1\n  proxy_user: \"plant:hunter2\"\n  proxy_password_file: /a"),
              ElementsAre(AllOf(HasSubstr("has no colon"), Not(HasSubstr("hunter2")))));
}

TEST(Ways, halfALoginIsRefused) {
  EXPECT_THAT(bad("proxy: http://p:1\n  proxy_user: plant"),
              ElementsAre(HasSubstr("upstream.proxy_user: this user has no password")));
  EXPECT_THAT(bad("proxy: http://p:1\n  proxy_password_file: /a"),
              ElementsAre(HasSubstr("upstream.proxy_password_file: this password has no user")));
  EXPECT_THAT(bad("proxy_user: plant\n  proxy_password_file: /a"),
              ElementsAre(HasSubstr("there is no upstream.proxy for this user")));
  EXPECT_THAT(bad("proxy: nonsense\n  proxy_user: plant"), ElementsAre(HasSubstr("upstream.proxy: ")));
}

}  // namespace
}  // namespace spheregate::config
