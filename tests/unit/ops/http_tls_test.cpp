#include <gmock/gmock.h>

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <chrono>
#include <string>
#include <thread>

#include "http_site.hpp"
#include "secrets.hpp"
#include "spheregate/x509/certificate_text.hpp"
#include "spheregate/x509/handles.hpp"

namespace spheregate::ops {
namespace {

using namespace std::chrono_literals;
namespace asio = boost::asio;
using test::ask;
using test::HttpClient;
using test::HttpFiles;
using test::HttpSite;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

class HttpTls : public ::testing::Test {
 protected:
  HttpTls() {
    files.addCertificate(settings);
    settings.deadline = 500ms;
  }
  // The answer, and in `ending` how the connection ended.
  std::string askInTls(std::uint16_t port, const std::string& request, const std::string& versions = {}) {
    asio::ssl::context context{asio::ssl::context::tls_client};
    if (versions == "1.1") SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_1_VERSION);
    if (versions == "1.2") SSL_CTX_set_max_proto_version(context.native_handle(), TLS1_2_VERSION);
    asio::io_context loop;
    asio::ssl::stream<asio::ip::tcp::socket> stream{loop, context};
    stream.lowest_layer().connect({asio::ip::address_v4::loopback(), port});
    stream.handshake(asio::ssl::stream_base::client, ending);
    if (ending) return {};
    const x509::CertificateHandle shown{SSL_get1_peer_certificate(stream.native_handle())};
    fingerprint = x509::sha256(*shown);
    asio::write(stream, asio::buffer(request));
    std::string all;
    asio::read(stream, asio::dynamic_buffer(all), ending);
    return all;
  }

  HttpFiles files;
  HttpSettings settings;
  boost::system::error_code ending;
  std::string fingerprint;  // of the certificate that was shown
};

constexpr const char* kHealth = "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";

TEST_F(HttpTls, answersAndSaysGoodbye) {
  HttpSite site{settings};
  EXPECT_THAT(askInTls(site.port, kHealth), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("ok\n")));
  EXPECT_EQ(ending, asio::error::eof) << "an end that is meant is told apart from a cut";
  EXPECT_THAT(askInTls(site.port, kHealth, "1.2"), StartsWith("HTTP/1.1 200 "));
  const std::string two = askInTls(site.port, "HEAD /page.js HTTP/1.1\r\nHost: x\r\n\r\n" + std::string{kHealth});
  EXPECT_THAT(two, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("text/javascript"), EndsWith("ok\n")));
  site.onLoop([&] { site.status = std::string(1u << 20, 'x'); });
  EXPECT_GT(askInTls(site.port, "GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").size(), 1u << 20);
}

TEST_F(HttpTls, refusesWhatIsOld) {
  HttpSite site{settings};
  EXPECT_EQ(askInTls(site.port, kHealth, "1.1"), "");
  EXPECT_TRUE(ending);
}

TEST_F(HttpTls, tellsWhoSpeaksInTheClear) {
  HttpSite site{settings};
  EXPECT_THAT(ask(site.port, "GET", "/status"), AllOf(StartsWith("HTTP/1.1 400 "), HasSubstr("Connection: close"), EndsWith("this port speaks TLS; use https://\n")));
}

TEST_F(HttpTls, endsAHandshakeThatDoesNotEnd) {
  HttpSite site{settings};
  const auto begin = std::chrono::steady_clock::now();
  HttpClient silent{site.port};
  HttpClient slow{site.port};
  // The beginning of a ClientHello.
  slow.send(std::string{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11});
  HttpClient nonsense{site.port};
  nonsense.send(std::string{"\x16\x03\x01\x00\x05\x01\x00\x00\x01\xff", 10});
  EXPECT_THAT(askInTls(site.port, kHealth), EndsWith("ok\n")) << "nobody else waits for them";
  EXPECT_EQ(silent.rest(), "");
  EXPECT_EQ(slow.rest(), "");
  nonsense.rest();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s);
}

TEST_F(HttpTls, showsANewCertificateWithoutARestart) {
  HttpSite site{settings};
  askInTls(site.port, kHealth);
  const std::string before = fingerprint;
  files.addCertificate(settings);
  const auto swap = site.server->prepare(settings);
  ASSERT_TRUE(swap) << swap.error();
  site.onLoop(*swap);
  EXPECT_THAT(askInTls(site.port, kHealth), EndsWith("ok\n"));
  EXPECT_NE(fingerprint, before);
  // And without one.
  site.onLoop(*site.server->prepare({}));
  EXPECT_THAT(ask(site.port, "GET", "/healthz"), EndsWith("ok\n"));
}

TEST_F(HttpTls, carriesEvents) {
  HttpSite site{settings};
  std::thread teller{[&] {
    for (int tries = 0; tries < 500; ++tries) {
      std::size_t listeners = 0;
      site.onLoop([&] { listeners = site.server->listeners(); });
      if (listeners > 0) break;
      std::this_thread::sleep_for(10ms);
    }
    site.onLoop([&] {
      site.server->publish("data: one\n\n");
      site.server->publish("data: " + std::string(200'000, 'x') + "\n\n");
      site.server->endEvents();
    });
  }};
  const std::string all = askInTls(site.port, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  teller.join();
  EXPECT_THAT(all, AllOf(HasSubstr("text/event-stream"), HasSubstr("data: one\n\n"), EndsWith("x\n\n\r\n0\r\n\r\n")));
}

}  // namespace
}  // namespace spheregate::ops
