#include "http_answer.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <utility>

namespace spheregate::ops {

namespace http = boost::beast::http;

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
  // What is not sent again has no length.
  if (answer.result() == http::status::not_modified) return answer;
  answer.content_length(answer.body().size());
  // HEAD is answered with the length that GET would have, and nothing after the header.
  if (request.method() == http::verb::head) answer.body().clear();
  return answer;
}

HttpAnswer refusal(http::status status, std::string text) {
  HttpAnswer refused = answer(status, kPlainText, std::move(text));
  refused.keep_alive(false);
  refused.content_length(refused.body().size());
  return refused;
}

}  // namespace spheregate::ops
