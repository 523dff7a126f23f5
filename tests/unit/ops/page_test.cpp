#include <gmock/gmock.h>

#include <string>
#include <utility>
#include <vector>

#include "http_site.hpp"

namespace spheregate::ops {
namespace {

using test::ask;
using test::HttpSite;
using testing::AllOf;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string bodyOf(const std::string& answer) { return answer.substr(answer.find("\r\n\r\n") + 4); }

std::string field(const std::string& answer, const std::string& name) {
  const std::size_t begin = answer.find("\r\n" + name + ": ");
  if (begin == std::string::npos) return {};
  const std::size_t value = begin + name.size() + 4;
  return answer.substr(value, answer.find("\r\n", value) - value);
}

TEST(Page, isServedWithAllItsFiles) {
  HttpSite site;
  const std::vector<std::pair<std::string, std::string>> files{{"/", "text/html; charset=utf-8"},
                                                               {"/page.css", "text/css; charset=utf-8"},
                                                               {"/page.js", "text/javascript; charset=utf-8"},
                                                               {"/icon.svg", "image/svg+xml"}};
  for (const auto& [path, type] : files) {
    const std::string answer = ask(site.port, "GET", path);
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 ")) << path;
    EXPECT_EQ(field(answer, "Content-Type"), type);
    EXPECT_EQ(field(answer, "Cache-Control"), "no-cache");
    EXPECT_EQ(field(answer, "Content-Length"), std::to_string(bodyOf(answer).size()));
    EXPECT_FALSE(bodyOf(answer).empty()) << path;
  }
  EXPECT_THAT(ask(site.port, "GET", "/"), AllOf(HasSubstr("<!DOCTYPE html>"), EndsWith("</html>\n")));
  EXPECT_THAT(bodyOf(ask(site.port, "GET", "/icon.svg")), StartsWith("<svg"));
  EXPECT_THAT(ask(site.port, "GET", "/index.html"), StartsWith("HTTP/1.1 404 "));
}

// What is inside the program must work wherever a proxy puts it, and under the policy that it is sent with.
TEST(Page, needsNothingButItself) {
  HttpSite site;
  const std::string page = bodyOf(ask(site.port, "GET", "/"));
  for (const char* foreign : {"http://", "https://", "=\"/", "<style", " style=", " onclick=", "<script>"}) EXPECT_THAT(page, Not(HasSubstr(foreign)));
  EXPECT_EQ(field(ask(site.port, "GET", "/"), "Content-Security-Policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
            "form-action 'none'; frame-ancestors 'none'");
  EXPECT_EQ(field(ask(site.port, "GET", "/"), "Referrer-Policy"), "no-referrer");
  EXPECT_EQ(field(ask(site.port, "GET", "/"), "X-Content-Type-Options"), "nosniff");
}

TEST(Page, isNotSentToWhoHasIt) {
  HttpSite site;
  const std::string tag = field(ask(site.port, "GET", "/page.js"), "ETag");
  EXPECT_EQ(tag.size(), 34u);
  EXPECT_NE(tag, field(ask(site.port, "GET", "/page.css"), "ETag"));
  for (const std::string& known : {tag, "W/" + tag, "\"other\" ,\t" + tag, std::string{"*"}}) {
    const std::string answer = ask(site.port, "GET", "/page.js", "If-None-Match: " + known + "\r\n");
    EXPECT_THAT(answer, AllOf(StartsWith("HTTP/1.1 304 "), EndsWith("\r\n\r\n"), Not(HasSubstr("Content-Length"))));
    EXPECT_EQ(field(answer, "ETag"), tag);
    EXPECT_EQ(field(answer, "Cache-Control"), "no-cache");
  }
  for (const std::string& unknown : {std::string{"\"other\""}, tag.substr(1, 32), std::string{",,"}, std::string{"W/"}}) {
    EXPECT_THAT(ask(site.port, "GET", "/page.js", "If-None-Match: " + unknown + "\r\n"), StartsWith("HTTP/1.1 200 ")) << unknown;
  }
}

// The connection goes on after an answer without a length.
TEST(Page, aShortAnswerDoesNotEndTheConnection) {
  HttpSite site;
  test::HttpClient client{site.port};
  client.send("GET /page.js HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\n\r\nHEAD /page.css HTTP/1.1\r\nHost: x\r\n\r\n"
              "GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  const std::string all = client.rest();
  EXPECT_THAT(all, AllOf(StartsWith("HTTP/1.1 304 "), HasSubstr("HTTP/1.1 200 OK\r\n"), EndsWith("\r\n\r\nok\n")));
  EXPECT_THAT(all, Not(HasSubstr(":root"))) << "HEAD has no body";
}

}  // namespace
}  // namespace spheregate::ops
