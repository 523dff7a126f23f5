#include <gmock/gmock.h>

#include <chrono>
#include <string>
#include <vector>

#include "http_site.hpp"
#include "password_tries.hpp"
#include "secrets.hpp"

// Who may ask the HTTP listener.
namespace spheregate::ops {
namespace {

using namespace std::chrono_literals;
using test::ask;
using test::HttpClient;
using test::HttpFiles;
using test::HttpSite;
using test::kOpenSesame;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class HttpAccess : public ::testing::Test {
 protected:
  static HttpSettings withPassword(const HttpFiles& files) {
    HttpSettings settings;
    files.addPassword(settings);
    return settings;
  }

  HttpFiles files_;
  HttpSite site_{withPassword(files_)};
};

constexpr const char* kWrong = "Authorization: Basic QWxhZGRpbjpvcGVuIHBvcHB5\r\n";

TEST_F(HttpAccess, needsThePasswordForEverythingThatTells) {
  for (const char* path : {"/", "/page.js", "/metrics", "/status", "/devices/x", "/events", "/nowhere"}) {
    EXPECT_THAT(ask(site_.port, "GET", path),
                AllOf(StartsWith("HTTP/1.1 401 "), HasSubstr("WWW-Authenticate: Basic realm=\"spheregate\", charset=\"UTF-8\"\r\n")))
        << path;
  }
  EXPECT_THAT(ask(site_.port, "GET", "/status", kOpenSesame), StartsWith("HTTP/1.1 200 "));
  EXPECT_EQ(site_.metric("http_wrong_passwords_total"), 0) << "a browser asks once without";
}

TEST_F(HttpAccess, tellsLoadBalancersWhetherAndNotWhy) {
  EXPECT_THAT(ask(site_.port, "GET", "/healthz"), AllOf(StartsWith("HTTP/1.1 200 "), EndsWith("ok\n")));
  site_.onLoop([&] { site_.notReady = "the store is closed: no space left"; });
  // Also with the password, so that nobody can try passwords here.
  for (const char* field : {"", kOpenSesame}) EXPECT_THAT(ask(site_.port, "GET", "/readyz", field), AllOf(StartsWith("HTTP/1.1 503 "), EndsWith("\r\n\r\nnot ready\n")));
}

TEST_F(HttpAccess, makesAWrongPasswordWait) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_THAT(ask(site_.port, "GET", "/status", kWrong), StartsWith("HTTP/1.1 401 "));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 1s);
  EXPECT_EQ(site_.metric("http_wrong_passwords_total"), 1);
}

// Also of somebody who does not wait for the answers.
TEST_F(HttpAccess, doesNotLookAtManyGuesses) {
  HttpClient known{site_.port};
  const std::string request = "GET /status HTTP/1.1\r\nHost: x\r\n" + std::string{kOpenSesame} + "\r\n";
  known.send(request);
  EXPECT_THAT(known.until("{}"), StartsWith("HTTP/1.1 200 "));
  for (int guess = 0; guess < PasswordTries::kAtOnce; ++guess) {
    HttpClient{site_.port}.send("GET /status HTTP/1.1\r\nHost: x\r\n" + std::string{kWrong} + "\r\n");
  }
  std::string refused;
  const auto deadline = std::chrono::steady_clock::now() + 5s;
  while (!refused.starts_with("HTTP/1.1 429 ") && std::chrono::steady_clock::now() < deadline) refused = ask(site_.port, "GET", "/status", kWrong);
  EXPECT_THAT(refused, AllOf(StartsWith("HTTP/1.1 429 "), HasSubstr("Retry-After: ")));
  EXPECT_THAT(ask(site_.port, "GET", "/status", kOpenSesame), StartsWith("HTTP/1.1 429 ")) << "who guesses must not learn that he is right";
  known.send(request);
  EXPECT_THAT(known.until("{}"), StartsWith("HTTP/1.1 200 ")) << "whoever has shown it on this connection is no guesser";
  EXPECT_THAT(ask(site_.port, "GET", "/healthz"), StartsWith("HTTP/1.1 200 "));
}

TEST_F(HttpAccess, takesAnotherPasswordWithoutARestart) {
  HttpClient known{site_.port};
  known.send("GET /events HTTP/1.1\r\nHost: x\r\n" + std::string{kOpenSesame} + "\r\n");
  EXPECT_THAT(known.until("retry: 2000\n\n"), StartsWith("HTTP/1.1 200 "));
  HttpSettings settings = withPassword(files_);
  files_.addPassword(settings, "sim sala bim");
  const auto swap = site_.server->prepare(settings);
  ASSERT_TRUE(swap) << swap.error();
  site_.onLoop(*swap);
  EXPECT_THAT(known.rest(), EndsWith("0\r\n\r\n")) << "who listened with the old one hears no more";
  EXPECT_THAT(ask(site_.port, "GET", "/status", kOpenSesame), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(ask(site_.port, "GET", "/status", "Authorization: Basic QWxhZGRpbjpzaW0gc2FsYSBiaW0=\r\n"), StartsWith("HTTP/1.1 200 "));
  settings.passwordFile = files_.directory / "missing";
  EXPECT_FALSE(site_.server->prepare(settings));
  EXPECT_THAT(ask(site_.port, "GET", "/status", "Authorization: Basic QWxhZGRpbjpzaW0gc2FsYSBiaW0=\r\n"), StartsWith("HTTP/1.1 200 "));
}

TEST(HttpOrigin, aBrowserMayNotAskForAnotherPage) {
  HttpSite site;
  const std::vector<std::pair<std::string, bool>> cases{
      {"", true},
      {"Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n", true},
      {"Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", true},
      // A link in somebody's wiki.
      {"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: document\r\n", true},
      {"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-Dest: iframe\r\n", false},
      {"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: script\r\n", false},
      {"Sec-Fetch-Site: cross-site\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nOrigin: http://evil.example\r\n", false},
      {"Sec-Fetch-Site: same-site\r\nSec-Fetch-Mode: no-cors\r\nSec-Fetch-Dest: image\r\n", false},
      {"Sec-Fetch-Site: cross-site\r\n", false}};
  for (const auto& [fields, allowed] : cases) {
    for (const char* path : {"/", "/status", "/events", "/healthz"}) {
      const std::string answer = ask(site.port, "HEAD", path, fields);
      EXPECT_THAT(answer, StartsWith(allowed ? "HTTP/1.1 200 " : "HTTP/1.1 403 ")) << path << " " << fields;
      EXPECT_THAT(answer, Not(HasSubstr("Access-Control-"))) << "no page of another origin may read what is here";
    }
  }
}

}  // namespace
}  // namespace spheregate::ops
