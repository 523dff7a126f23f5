#include "json_answer.hpp"

#include <charconv>

namespace spheregate::app {
namespace {

using nlohmann::json;
using ops::AdminAnswer;
using ops::AdminRequest;

}  // namespace

std::string jsonText(const json& body, int indent) { return body.dump(indent, ' ', false, json::error_handler_t::replace); }

AdminAnswer good(const json& body) { return {200, jsonText(body)}; }

AdminAnswer wrong(unsigned status, const std::string& error, const std::string& fix) { return {status, jsonText({{"error", error}, {"fix", fix}})}; }

std::string valueOf(const AdminRequest& request, const char* key) {
  const auto found = request.query.find(key);
  return found == request.query.end() ? std::string{} : found->second;
}

std::optional<std::size_t> limitOf(const AdminRequest& request, std::size_t byDefault, std::size_t most) {
  const std::string text = valueOf(request, "limit");
  if (text.empty()) return byDefault;
  std::size_t limit = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), limit);
  if (error != std::errc{} || end != text.data() + text.size() || limit == 0 || limit > most) return std::nullopt;
  return limit;
}

AdminAnswer badLimit(std::size_t most) { return wrong(400, "limit is not a number from 1 to " + std::to_string(most), "ask for a page, and for the next with after="); }

}  // namespace spheregate::app
