#include "http_routes.hpp"

#include <algorithm>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <string>
#include <string_view>
#include <utility>

#include "admin_request.hpp"
#include "page_files.hpp"

namespace spheregate::ops {
namespace {

namespace http = boost::beast::http;

constexpr const char* kMetricsText = "text/plain; version=0.0.4; charset=utf-8";
// The page is made of its own files and asks nobody else; nobody may show it inside a page of his.
constexpr const char* kPagePolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";
constexpr const char* kNotFound =
    "not found; there are /, /metrics, /healthz, /readyz, /status, /devices, /devices/{id or alias}, /refusals, /history and /events\n";

std::string_view asView(boost::beast::string_view text) { return {text.data(), text.size()}; }

// Whether the client has the content with this tag: `If-None-Match` lists those it has.
bool has(const HttpRequest& request, std::string_view tag) {
  std::string_view rest = asView(request[http::field::if_none_match]);
  while (!rest.empty()) {
    std::string_view one = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(rest.size(), one.size() + 1));
    while (one.starts_with(' ') || one.starts_with('\t')) one.remove_prefix(1);
    while (one.ends_with(' ') || one.ends_with('\t')) one.remove_suffix(1);
    if (one.starts_with("W/")) one.remove_prefix(2);
    if (one == tag || one == "*") return true;
  }
  return false;
}

// Kept by browsers, and asked for again each time in case the gateway is another.
HttpAnswer shown(const PageFile& file, const HttpRequest& request) {
  const bool known = has(request, file.tag);
  HttpAnswer made = answer(known ? http::status::not_modified : http::status::ok, file.contentType, std::string{known ? "" : file.content});
  made.set(http::field::etag, boost::beast::string_view{file.tag.data(), file.tag.size()});
  made.set(http::field::cache_control, "no-cache");
  made.set("Content-Security-Policy", kPagePolicy);
  made.set("Referrer-Policy", "no-referrer");
  return made;
}

HttpAnswer readiness(const HttpSources& sources, bool reasons) {
  const auto reason = sources.notReady();
  if (reason) return answer(http::status::service_unavailable, kPlainText, (reasons ? *reason : "not ready") + "\n");
  return answer(http::status::ok, kPlainText, "ready\n");
}

HttpAnswer read(const HttpRequest& request, const HttpSources& sources) {
  const auto asked = adminRequest(request, 0);
  if (!asked) return answer(http::status::bad_request, kPlainText, "the address has a broken escape\n");
  auto said = sources.read(*asked);
  if (!said) return answer(http::status::not_found, kPlainText, kNotFound);
  return answer(static_cast<http::status>(said->status), kJson, std::move(said->body));
}

HttpReply listenTo(const HttpRequest& request, const std::shared_ptr<EventFeed>& events) {
  if (events->full()) {
    HttpAnswer full = answer(http::status::service_unavailable, kPlainText,
                             std::to_string(EventFeed::kStreamsMax) + " clients listen already; close a page that nobody looks at\n");
    full.set(http::field::retry_after, "30");
    return {.answer = fitted(std::move(full), request)};
  }
  HttpAnswer header = answer(http::status::ok, "text/event-stream", {});
  // nginx would keep the events until it has a buffer full of them.
  header.set("X-Accel-Buffering", "no");
  header.version(request.version());
  // Nothing comes after events.
  header.keep_alive(false);
  if (request.method() == http::verb::head) return {.answer = std::move(header)};
  header.chunked(request.version() >= 11);
  return {.answer = std::move(header), .events = events};
}

HttpAnswer found(const HttpRequest& request, std::string_view path, const HttpSources& sources, bool reasons) {
  if (path == "/healthz") return answer(http::status::ok, kPlainText, "ok\n");
  if (path == "/readyz") return readiness(sources, reasons);
  if (path == "/metrics") return answer(http::status::ok, kMetricsText, sources.metrics());
  if (const PageFile* file = pageFile(path)) return shown(*file, request);
  return read(request, sources);
}

}  // namespace

std::string_view pathOf(const HttpRequest& request) {
  const std::string_view target = asView(request.target());
  return target.substr(0, target.find('?'));
}

HttpReply replyTo(const HttpRequest& request, const HttpSources& sources, const std::shared_ptr<EventFeed>& events, bool reasons) {
  if (request.method() == http::verb::get || request.method() == http::verb::head) {
    const std::string_view path = pathOf(request);
    if (path == "/events") return listenTo(request, events);
    return {.answer = fitted(found(request, path, sources, reasons), request)};
  }
  HttpAnswer refused = answer(http::status::method_not_allowed, kPlainText, "only GET and HEAD\n");
  refused.set(http::field::allow, "GET, HEAD");
  return {.answer = fitted(std::move(refused), request)};
}

}  // namespace spheregate::ops
