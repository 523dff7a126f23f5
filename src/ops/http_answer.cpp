#include "http_answer.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <string_view>
#include <utility>

namespace spheregate::ops {
namespace {

namespace http = boost::beast::http;

constexpr const char* kPlainText = "text/plain; charset=utf-8";

constexpr const char* kFrontPage =
    "<!DOCTYPE html>\n<html lang=\"en\"><title>spheregate</title>\n<h1>spheregate</h1>\n<ul>\n"
    "<li><a href=\"/healthz\">/healthz</a>: the process answers</li>\n"
    "<li><a href=\"/readyz\">/readyz</a>: devices are accepted</li>\n"
    "<li><a href=\"/status\">/status</a>: uplink, queue and every device, as JSON</li>\n"
    "<li><a href=\"/metrics\">/metrics</a>: for Prometheus</li>\n</ul>\n</html>\n";

HttpAnswer readiness(const HttpSources& sources) {
  const auto reason = sources.notReady();
  if (reason) return answer(http::status::service_unavailable, kPlainText, *reason + "\n");
  return answer(http::status::ok, kPlainText, "ready\n");
}

HttpAnswer page(std::string_view path, const HttpSources& sources) {
  if (path == "/healthz") return answer(http::status::ok, kPlainText, "ok\n");
  if (path == "/readyz") return readiness(sources);
  if (path == "/metrics") return answer(http::status::ok, "text/plain; version=0.0.4; charset=utf-8", sources.metrics());
  if (path == "/status") return answer(http::status::ok, "application/json", sources.status());
  if (path == "/") return answer(http::status::ok, "text/html; charset=utf-8", kFrontPage);
  return answer(http::status::not_found, kPlainText, "not found; there are /metrics, /healthz, /readyz and /status\n");
}

}  // namespace

HttpAnswer answer(http::status status, const char* contentType, std::string body) {
  HttpAnswer made{status, 11, std::move(body)};
  made.set(http::field::content_type, contentType);
  // The numbers change all the time, and nothing here is for other pages to use.
  made.set(http::field::cache_control, "no-store");
  made.set("X-Content-Type-Options", "nosniff");
  made.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  return made;
}

HttpAnswer fitted(HttpAnswer answer, const HttpRequest& request) {
  answer.version(request.version());
  answer.keep_alive(request.keep_alive());
  answer.content_length(answer.body().size());
  // HEAD is answered with the length that GET would have, and nothing after the header.
  if (request.method() == http::verb::head) answer.body().clear();
  return answer;
}

HttpAnswer answerTo(const HttpRequest& request, const HttpSources& sources) {
  if (request.method() == http::verb::get || request.method() == http::verb::head) {
    const std::string_view target{request.target().data(), request.target().size()};
    return fitted(page(target.substr(0, target.find('?')), sources), request);
  }
  HttpAnswer refused = answer(http::status::method_not_allowed, kPlainText, "only GET and HEAD\n");
  refused.set(http::field::allow, "GET, HEAD");
  return fitted(std::move(refused), request);
}

HttpAnswer refusal(http::status status, std::string text) {
  HttpAnswer refused = answer(status, kPlainText, std::move(text));
  refused.keep_alive(false);
  refused.content_length(refused.body().size());
  return refused;
}

}  // namespace spheregate::ops
