#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "http_site.hpp"

namespace spheregate::ops {
namespace {

using namespace std::chrono_literals;
using test::ask;
using test::HttpClient;
using test::HttpSite;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

TEST(HttpServer, answersEveryRoute) {
  HttpSite site;
  EXPECT_THAT(ask(site.port, "GET", "/healthz"), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("\r\n\r\nok\n")));
  EXPECT_THAT(ask(site.port, "GET", "/metrics"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: text/plain; version=0.0.4"),
                    EndsWith("\r\n\r\nspheregate_up 1\n")));
  EXPECT_THAT(ask(site.port, "GET", "/status?pretty=1"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: application/json\r\n"), EndsWith("\r\n\r\n{}")));
  EXPECT_THAT(ask(site.port, "GET", "/devices/a%2Fb%20c?search=x%26y&limit=5"),
              AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Type: application/json\r\n"), EndsWith("/devices/a/b c limit=5 search=x&y")));
  EXPECT_THAT(ask(site.port, "GET", "/devices/nobody"), StartsWith("HTTP/1.1 404 "));
  EXPECT_THAT(ask(site.port, "GET", "/etc/passwd"), StartsWith("HTTP/1.1 404 "));
  for (const char* target : {"/%", "/%zz", "/%00", "/devices?limit=%f"}) EXPECT_THAT(ask(site.port, "GET", target), StartsWith("HTTP/1.1 400 ")) << target;
  EXPECT_THAT(ask(site.port, "GET", "/healthz"), HasSubstr("X-Content-Type-Options: nosniff\r\n"));
}

TEST(HttpServer, readinessIsSaidWithItsReason) {
  HttpSite site;
  EXPECT_THAT(ask(site.port, "GET", "/readyz"), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("ready\n")));
  site.onLoop([&] { site.notReady = "the store is closed: no space left"; });
  EXPECT_THAT(ask(site.port, "GET", "/readyz"),
              AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("the store is closed: no space left\n")));
}

TEST(HttpServer, headHasTheLengthAndNoBody) {
  HttpSite site;
  const std::string answer = ask(site.port, "HEAD", "/metrics");
  EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("Content-Length: 16\r\n"), EndsWith("\r\n\r\n")));
}

TEST(HttpServer, onlyReads) {
  HttpSite site;
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "PATCH"}) {
    EXPECT_THAT(ask(site.port, method, "/status"), AllOf(StartsWith("HTTP/1.1 405 "), HasSubstr("Allow: GET, HEAD\r\n")))
        << method;
  }
}

TEST(HttpServer, keepsTheConnectionForAnotherRequest) {
  HttpSite site;
  HttpClient client{site.port};
  // The second and third come pipelined.
  client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_THAT(client.exactly(12), StartsWith("HTTP/1.1 200"));
  client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\nGET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(client.rest(), EndsWith("ready\n"));
  HttpClient old{site.port};
  old.send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_THAT(old.rest(), AllOf(StartsWith("HTTP/1.0 200"), EndsWith("ok\n")));
}

TEST(HttpServer, refusesBodiesGarbageAndLargeHeaders) {
  HttpSite site;
  const std::vector<std::pair<std::string, std::string>> cases{
      {"POST /status HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "HTTP/1.1 413 "},
      {"GET /status HTTP/1.1\r\nContent-Length: 999999999999\r\n\r\n", "HTTP/1.1 413 "},
      // A proxy that understands these, and passes them on, has another request in mind than what would be read here.
      {"GET /status HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n", "HTTP/1.1 413 "},
      {"GET /status HTTP/1.1\r\nTransfer-Encoding: chunked, x\r\nContent-Length: 0\r\n\r\n0\r\n\r\n", "HTTP/1.1 413 "},
      {"GET /status HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "HTTP/1.1 413 "},
      {"GET / HTTP/1.1\r\nX: " + std::string(100'000, 'x') + "\r\n\r\n", "HTTP/1.1 431 "},
      {"GET /" + std::string(100'000, 'x') + " HTTP/1.1\r\n\r\n", "HTTP/1.1 4"},
      {"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "HTTP/1.1 400 "},
      {"nonsense\r\n\r\n", "HTTP/1.1 400 "},
      {"GET / HTTP/9.9\r\n\r\n", "HTTP/1.1 400 "}};
  for (const auto& [request, begin] : cases) {
    HttpClient client{site.port};
    client.send(request);
    EXPECT_THAT(client.rest(), AllOf(StartsWith(begin), HasSubstr("Connection: close"))) << request.substr(0, 60);
  }
  EXPECT_THAT(ask(site.port, "GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, aSlowClientIsClosedAtTheDeadlineAndDisturbsNobody) {
  HttpSettings settings;
  settings.deadline = 200ms;
  HttpSite site{settings};
  HttpClient slow{site.port};
  slow.send("GET /healthz HT");
  EXPECT_THAT(ask(site.port, "GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(slow.rest(), "");
}

TEST(HttpServer, aClientThatDoesNotReadIsClosedAtTheDeadline) {
  HttpSettings settings;
  settings.deadline = 200ms;
  HttpSite site{settings};
  site.onLoop([&] { site.status = std::string(32u << 20, 'x'); });
  HttpClient deaf{site.port};
  deaf.send("GET /status HTTP/1.1\r\nHost: x\r\n\r\n");
  std::this_thread::sleep_for(500ms);
  EXPECT_LT(deaf.rest().size(), 32u << 20);
}

TEST(HttpServer, answersThatNobodyTakesDoNotFillTheMemory) {
  HttpSite site;
  site.onLoop([&] { site.status = std::string(9u << 20, 'x'); });
  const std::string request = "GET /status HTTP/1.1\r\nHost: x\r\n\r\n";
  auto deaf = std::make_unique<HttpClient>(site.port, 4096);
  deaf->send(request);
  EXPECT_THAT(deaf->exactly(12), StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(ask(site.port, "GET", "/status"), AllOf(StartsWith("HTTP/1.1 503 "), HasSubstr("Retry-After: ")));
  EXPECT_THAT(ask(site.port, "GET", "/metrics"), StartsWith("HTTP/1.1 200 ")) << "what is small gets through";
  deaf.reset();
  // Its room is there again when the system has told that it is gone, and then for each answer that is taken.
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (!ask(site.port, "GET", "/status").starts_with("HTTP/1.1 200 ") && std::chrono::steady_clock::now() < deadline) std::this_thread::sleep_for(20ms);
  HttpClient keeps{site.port};
  keeps.send(request);
  EXPECT_THAT(keeps.until("\r\n\r\n"), StartsWith("HTTP/1.1 200 "));
  keeps.exactly(9u << 20);
  EXPECT_THAT(ask(site.port, "GET", "/status"), StartsWith("HTTP/1.1 200 ")) << "an answer that was taken needs no room on an idle connection";
}

TEST(HttpServer, whenAllPlacesAreTakenTheConnectionThatIsQuietLongestEnds) {
  HttpSettings settings;
  settings.connectionsMax = 4;
  HttpSite site{settings};
  const std::string request = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  std::vector<std::unique_ptr<HttpClient>> clients;
  for (int i = 0; i < 4; ++i) {
    clients.push_back(std::make_unique<HttpClient>(site.port));
    clients.back()->send(request);
    clients.back()->exactly(12);
  }
  clients[0]->send(request);
  std::this_thread::sleep_for(50ms);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(ask(site.port, "GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s) << "it waited for somebody's deadline";
  EXPECT_THAT(clients[1]->rest(), EndsWith("ok\n"));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 5s) << "the quietest was not closed";
  clients[0]->send("GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(clients[0]->rest(), EndsWith("ready\n"));
}

// All requests together have a fifth of the thread's time, and whoever waits for that is not pushed out by who comes after.
TEST(HttpServer, whoWaitsForItsTurnIsAnswered) {
  HttpSettings settings;
  settings.connectionsMax = 2;
  HttpSite site{settings};
  site.onLoop([&] { site.statusTakes = 50ms; });
  const std::string request = "GET /status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  const auto begin = std::chrono::steady_clock::now();
  HttpClient first{site.port};
  first.send(request);
  HttpClient second{site.port};
  second.send(request);
  EXPECT_THAT(first.rest(), StartsWith("HTTP/1.1 200 "));
  std::vector<std::unique_ptr<HttpClient>> idle;
  for (int i = 0; i < 20; ++i) idle.push_back(std::make_unique<HttpClient>(site.port));
  EXPECT_THAT(second.rest(), StartsWith("HTTP/1.1 200 "));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 300ms) << "50 ms, four times that as a rest, and 50 ms";
}

TEST(HttpServer, manyRequestsOneAfterAnotherLeaveNothingBehind) {
  HttpSettings settings;
  settings.connectionsMax = 2;
  HttpSite site{settings};
  for (int i = 0; i < 200; ++i) ASSERT_THAT(ask(site.port, "GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpServer, endsWithConnectionsOpen) {
  auto site = std::make_unique<HttpSite>();
  HttpClient client{site->port};
  client.send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  client.exactly(12);
  site.reset();
  EXPECT_THAT(client.rest(), Not(HasSubstr("HTTP/1.1 200")));
}

TEST(HttpServer, anAddressThatCannotBeHadIsExplained) {
  HttpSite site;
  boost::asio::io_context loop;
  HttpSettings settings;
  settings.listen.port = site.port;
  metrics::Registry counted;
  const auto taken = HttpServer::open(loop, settings, {}, counted);
  ASSERT_FALSE(taken);
  EXPECT_THAT(taken.error(),
              AllOf(HasSubstr("cannot listen on 127.0.0.1 port " + std::to_string(site.port)), HasSubstr("in use")));
  settings.listen.address = "nowhere";
  EXPECT_THAT(HttpServer::open(loop, settings, {}, counted).error(), HasSubstr("is not an IP address"));
}

}  // namespace
}  // namespace spheregate::ops
