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

HttpAnswer make(http::status status, const char* contentType, std::string body) {
  HttpAnswer answer{status, 11, std::move(body)};
  answer.set(http::field::content_type, contentType);
  // The numbers change all the time, and nothing here is for other pages to use.
  answer.set(http::field::cache_control, "no-store");
  answer.set("X-Content-Type-Options", "nosniff");
  answer.set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
  return answer;
}

HttpAnswer readiness(const HttpSources& sources) {
  const auto reason = sources.notReady();
  if (reason) return make(http::status::service_unavailable, kPlainText, *reason + "\n");
  return make(http::status::ok, kPlainText, "ready\n");
}

HttpAnswer page(std::string_view path, const HttpSources& sources) {
  if (path == "/healthz") return make(http::status::ok, kPlainText, "ok\n");
  if (path == "/readyz") return readiness(sources);
  if (path == "/metrics") return make(http::status::ok, "text/plain; version=0.0.4; charset=utf-8", sources.metrics());
  if (path == "/status") return make(http::status::ok, "application/json", sources.status());
  if (path == "/") return make(http::status::ok, "text/html; charset=utf-8", kFrontPage);
  return make(http::status::not_found, kPlainText, "not found; there are /metrics, /healthz, /readyz and /status\n");
}

}  // namespace

HttpAnswer answerTo(const HttpRequest& request, const HttpSources& sources) {
  HttpAnswer answer;
  if (request.method() == http::verb::get || request.method() == http::verb::head) {
    const std::string_view target{request.target().data(), request.target().size()};
    answer = page(target.substr(0, target.find('?')), sources);
  } else {
    answer = make(http::status::method_not_allowed, kPlainText, "only GET and HEAD\n");
    answer.set(http::field::allow, "GET, HEAD");
  }
  answer.version(request.version());
  answer.keep_alive(request.keep_alive());
  answer.content_length(answer.body().size());
  // HEAD is answered with the length that GET would have, and nothing after the header.
  if (request.method() == http::verb::head) answer.body().clear();
  return answer;
}

HttpAnswer refusal(http::status status, std::string text) {
  HttpAnswer answer = make(status, kPlainText, std::move(text));
  answer.keep_alive(false);
  answer.content_length(answer.body().size());
  return answer;
}

}  // namespace spheregate::ops
