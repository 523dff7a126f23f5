#include "http_guard.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <chrono>
#include <string_view>
#include <utility>

#include "http_routes.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::ops {
namespace {

namespace http = boost::beast::http;

constexpr std::chrono::milliseconds kWrongPause{1'000};
constexpr unsigned kLinesBurst = 1;
constexpr base::Duration kLinesQuiet = std::chrono::minutes{1};
constexpr std::size_t kLinesSourcesMax = 1'000;

std::string_view fieldOf(const HttpRequest& request, boost::beast::string_view name) {
  const auto value = request[name];
  return {value.data(), value.size()};
}

// Browsers say for whom they ask (https://www.w3.org/TR/fetch-metadata/). A link that somebody follows is for the user; what another page
// loads into itself, or only tries whether it is there, is not.
bool isForAnotherPage(const HttpRequest& request) {
  const std::string_view site = fieldOf(request, "Sec-Fetch-Site");
  if (site != "cross-site" && site != "same-site") return false;
  return fieldOf(request, "Sec-Fetch-Mode") != "navigate" || fieldOf(request, "Sec-Fetch-Dest") != "document";
}

HttpReply refused(http::status status, const HttpRequest& request, std::string text) {
  return {.answer = fitted(answer(status, kPlainText, std::move(text)), request)};
}

HttpReply unauthorized(const HttpRequest& request, std::string text) {
  HttpReply reply = refused(http::status::unauthorized, request, std::move(text));
  reply.answer.set(http::field::www_authenticate, "Basic realm=\"spheregate\", charset=\"UTF-8\"");
  return reply;
}

}  // namespace

bool isForEverybody(const HttpRequest& request) {
  const std::string_view path = pathOf(request);
  return path == "/healthz" || path == "/readyz";
}

HttpGuard::HttpGuard(metrics::Registry& metrics)
    : lines_{kLinesBurst, kLinesQuiet, kLinesSourcesMax},
      wrong_{metrics.counter("http_wrong_passwords_total", "Requests to the HTTP listener with a wrong user or password.")} {}

std::optional<HttpReply> HttpGuard::objection(const HttpRequest& request, HttpVisitor& visitor) {
  if (isForAnotherPage(request)) return refused(http::status::forbidden, request, "the browser asks for another page; open this address itself\n");
  if (!login_ || isForEverybody(request)) return std::nullopt;
  return passwordObjection(request, visitor);
}

// Whoever has shown the right password on this connection is not taken for a guesser, even when somebody behind the same address is one; a new
// connection from there waits as the guesser does.
std::optional<HttpReply> HttpGuard::passwordObjection(const HttpRequest& request, HttpVisitor& visitor) {
  const std::string_view authorization = fieldOf(request, "Authorization");
  if (authorization.empty()) return unauthorized(request, "a user and a password are needed\n");
  const base::MonoTime now = std::chrono::steady_clock::now();
  if (!visitor.hasShownPassword && !tries_.mayTry(visitor.source, now)) {
    HttpReply reply = refused(http::status::too_many_requests, request, "too many wrong passwords came from your address; wait a few seconds\n");
    reply.answer.set(http::field::retry_after, "2");
    return reply;
  }
  visitor.hasShownPassword = login_->isShownBy(authorization);
  if (visitor.hasShownPassword) return std::nullopt;
  noteWrong(visitor.source, now);
  HttpReply reply = unauthorized(request, "the user or the password is wrong\n");
  reply.pause = kWrongPause;
  return reply;
}

void HttpGuard::noteWrong(const std::string& source, base::MonoTime now) {
  tries_.wasWrong(source, now);
  wrong_.add();
  const auto before = lines_.pass(source, now);
  if (!before) return;
  base::logWarn("http login refused", {{"source", source},
                                       {"reason", "the user or the password is wrong"},
                                       {"fix", "use http.user and what is in http.password_file"},
                                       base::moreBefore(*before)});
}

}  // namespace spheregate::ops
