#include "hubsim/http_request.hpp"

#include "spheregate/hub/property_bag.hpp"

namespace spheregate::hubsim {
namespace {

bool sameName(std::string_view one, std::string_view other) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  if (one.size() != other.size()) return false;
  for (std::size_t i = 0; i < one.size(); ++i)
    if (lower(one[i]) != lower(other[i])) return false;
  return true;
}

}  // namespace

std::optional<std::string> HttpRequest::parameter(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::nullopt : std::optional{found->second};
}

std::optional<std::string> HttpRequest::header(std::string_view name) const {
  for (const auto& [given, value] : headers)
    if (sameName(given, name)) return value;
  return std::nullopt;
}

std::optional<HttpRequest> parseRequest(std::string_view method, std::string_view target, std::string_view body,
                                        HttpRequest::Headers headers) {
  const std::size_t mark = target.find('?');
  HttpRequest request{std::string{method}, std::string{target.substr(0, mark)}, {}, {}, std::move(headers), body};
  std::string_view path = request.path;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const std::size_t end = path.find('/');
    auto segment = hub::percentDecode(path.substr(0, end));
    if (!segment) return std::nullopt;
    request.segments.push_back(*std::move(segment));
    path.remove_prefix(end == std::string_view::npos ? path.size() : end);
  }
  if (mark == std::string_view::npos) return request;
  const auto pairs = hub::parseBag(target.substr(mark + 1));
  if (!pairs) return std::nullopt;
  for (const hub::Property& pair : *pairs) request.query[pair.key] = pair.value.value_or("");
  return request;
}

}  // namespace spheregate::hubsim
