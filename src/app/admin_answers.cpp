#include "admin_answers.hpp"

#include <charconv>

namespace spheregate::app {

using nlohmann::json;
using ops::AdminAnswer;
using ops::AdminRequest;

AdminAnswer good(const json& body) { return {200, body.dump(2, ' ', false, json::error_handler_t::replace)}; }

AdminAnswer wrong(unsigned status, const std::string& error, const std::string& fix) {
  return {status, json{{"error", error}, {"fix", fix}}.dump(2, ' ', false, json::error_handler_t::replace)};
}

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
