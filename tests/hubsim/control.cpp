#include "hubsim/control.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "hubsim/limits.hpp"
#include "spheregate/hub/property_bag.hpp"

namespace spheregate::hubsim {
namespace {

using Json = nlohmann::json;

struct Request {
  std::string path;
  std::map<std::string, std::string> query;
  std::string_view body;

  std::optional<std::string> text(const std::string& key) const {
    const auto found = query.find(key);
    return found == query.end() ? std::nullopt : std::optional{found->second};
  }
};

ControlAnswer failed(int status, const std::string& why) {
  return {status, Json{{"error", why}}.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

ControlAnswer good(const Json& json) { return {200, json.dump() + "\n"}; }

// Nothing when a value is there and is not a number.
std::optional<std::uint64_t> number(const Request& request, const std::string& key, std::uint64_t otherwise) {
  const auto text = request.text(key);
  if (!text) return otherwise;
  std::uint64_t value = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
  if (read.ec != std::errc{} || read.ptr != text->data() + text->size()) return std::nullopt;
  return value;
}

ControlAnswer messages(const Hub& hub, const Request& request) {
  const auto from = number(request, "from", 0);
  const auto limit = number(request, "limit", kMessagesPerAnswerMax);
  if (!from || !limit) return failed(400, "'from' and 'limit' must be whole numbers");
  return {200, hub.archive().json(request.text("device"), *from, std::min<std::uint64_t>(*limit, kMessagesPerAnswerMax))};
}

ControlAnswer statistics(const Hub& hub) {
  Json out = toJson(hub.statistics());
  out["connections"] = hub.connected();
  out["messages_kept"] = hub.archive().size();
  out["messages_forgotten"] = hub.archive().forgotten();
  return good(out);
}

ControlAnswer putFaults(Hub& hub, const Request& request) {
  const Json changes = Json::parse(request.body, nullptr, false);
  if (changes.is_discarded()) return failed(400, "the body is not JSON");
  const auto merged = mergeFaults(hub.faults(), changes);
  if (!merged) return failed(400, merged.error());
  hub.setFaults(*merged);
  return good(toJson(hub.faults()));
}

std::optional<Request> parseTarget(std::string_view target, std::string_view body) {
  const std::size_t mark = target.find('?');
  Request request{std::string{target.substr(0, mark)}, {}, body};
  if (mark == std::string_view::npos) return request;
  const auto pairs = hub::parseBag(target.substr(mark + 1));
  if (!pairs) return std::nullopt;
  for (const hub::Property& pair : *pairs) request.query[pair.key] = pair.value.value_or("");
  return request;
}

}  // namespace

ControlAnswer answerControl(Hub& hub, std::string_view method, std::string_view target, std::string_view body) {
  const auto request = parseTarget(target, body);
  if (!request) return failed(400, "broken escape in the query");
  const std::string& path = request->path;

  if (method == "GET" && path == "/messages") return messages(hub, *request);
  if (method == "GET" && path == "/stats") return statistics(hub);
  if (method == "GET" && path == "/connections") return {200, hub.history().json(request->text("device"))};
  if (method == "GET" && path == "/faults") return good(toJson(hub.faults()));
  if (method == "PUT" && path == "/faults") return putFaults(hub, *request);
  if (method == "POST" && path == "/drop") return good({{"dropped", hub.drop(request->text("device"), "dropped")}});
  if (method == "POST" && path == "/reset") {
    hub.reset();
    return good(Json::object());
  }
  for (const char* known : {"/messages", "/stats", "/connections", "/faults", "/drop", "/reset"})
    if (path == known) return failed(405, "this path does not take " + std::string{method});
  return failed(404, "unknown path");
}

}  // namespace spheregate::hubsim
