#include "admin_request.hpp"

#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <string_view>
#include <utility>

namespace spheregate::ops {
namespace {

namespace http = boost::beast::http;

constexpr const char* kJson = "application/json";

int digitOf(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    if (at + 2 >= text.size()) return std::nullopt;
    const int high = digitOf(text[at + 1]);
    const int low = digitOf(text[at + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    at += 2;
  }
  return out;
}

bool readQuery(std::string_view text, std::map<std::string, std::string>& query) {
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find('&'));
    text.remove_prefix(std::min(text.size(), item.size() + 1));
    const std::size_t equals = item.find('=');
    auto key = decoded(item.substr(0, equals));
    auto value = decoded(equals == std::string_view::npos ? std::string_view{} : item.substr(equals + 1));
    if (!key || !value) return false;
    query[std::move(*key)] = std::move(*value);
  }
  return true;
}

HttpAnswer refused(http::status status, std::string_view sentence) {
  return answer(status, kJson, "{\"error\":\"" + std::string{sentence} + "\"}");
}

}  // namespace

std::optional<AdminRequest> adminRequest(const HttpRequest& request, std::uint32_t uid) {
  const std::string_view target{request.target().data(), request.target().size()};
  const std::size_t mark = target.find('?');
  AdminRequest asked;
  asked.method = request.method() == http::verb::post ? "POST" : "GET";
  asked.uid = uid;
  auto path = decoded(target.substr(0, mark));
  if (!path || !path->starts_with('/')) return std::nullopt;
  asked.path = std::move(*path);
  if (mark != std::string_view::npos && !readQuery(target.substr(mark + 1), asked.query)) return std::nullopt;
  return asked;
}

void answerTo(const HttpRequest& request, const AdminHandler& handler, std::uint32_t uid, std::function<void(HttpAnswer)> reply) {
  const http::verb verb = request.method();
  if (verb != http::verb::get && verb != http::verb::head && verb != http::verb::post) {
    HttpAnswer wrong = refused(http::status::method_not_allowed, "only GET, HEAD and POST");
    wrong.set(http::field::allow, "GET, HEAD, POST");
    return reply(fitted(std::move(wrong), request));
  }
  const auto asked = adminRequest(request, uid);
  if (!asked) return reply(fitted(refused(http::status::bad_request, "the address has a broken escape"), request));
  // The request may be gone when the answer comes; its header is what the answer has to fit.
  handler(*asked, [header = request, reply = std::move(reply)](AdminAnswer said) {
    reply(fitted(answer(static_cast<http::status>(said.status), said.contentType.c_str(), std::move(said.body)), header));
  });
}

}  // namespace spheregate::ops
