#include "admin_request.hpp"

#include <algorithm>
#include <boost/beast/http/field.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/verb.hpp>
#include <string_view>
#include <utility>

#include "spheregate/base/percent.hpp"

namespace spheregate::ops {
namespace {

namespace http = boost::beast::http;

// Nothing for a broken escape, or a NUL byte.
std::optional<std::string> decoded(std::string_view text) {
  auto plain = base::percentDecode(text);
  if (plain && plain->find('\0') != std::string::npos) plain.reset();
  return plain;
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
