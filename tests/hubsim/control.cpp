#include "hubsim/control.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "hubsim/json_text.hpp"
#include "hubsim/limits.hpp"

namespace spheregate::hubsim {
namespace {

HttpAnswer failed(int status, const std::string& why) { return {status, dumped({{"error", why}}) + "\n"}; }

HttpAnswer good(const Json& json) { return {200, dumped(json) + "\n"}; }

// Nothing when a value is there and is not a number.
std::optional<std::uint64_t> number(const HttpRequest& request, const std::string& key, std::uint64_t otherwise) {
  const auto text = request.parameter(key);
  if (!text) return otherwise;
  std::uint64_t value = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
  if (read.ec != std::errc{} || read.ptr != text->data() + text->size()) return std::nullopt;
  return value;
}

HttpAnswer messages(const Hub& hub, const HttpRequest& request) {
  const auto from = number(request, "from", 0);
  const auto limit = number(request, "limit", kMessagesPerAnswerMax);
  if (!from || !limit) return failed(400, "'from' and 'limit' must be whole numbers");
  return {200, hub.archive().json(request.parameter("device"), *from, std::min<std::uint64_t>(*limit, kMessagesPerAnswerMax))};
}

HttpAnswer statistics(const Hub& hub) {
  Json out = toJson(hub.statistics());
  out["connections"] = hub.connected();
  out["messages_kept"] = hub.archive().size();
  out["messages_forgotten"] = hub.archive().forgotten();
  return good(out);
}

HttpAnswer transcript(const Hub& hub, const HttpRequest& request) {
  const auto from = number(request, "from", 0);
  const auto limit = number(request, "limit", kMessagesPerAnswerMax);
  if (!from || !limit) return failed(400, "'from' and 'limit' must be whole numbers");
  return {200, hub.transcript().json(request.parameter("device"), *from, std::min<std::uint64_t>(*limit, kMessagesPerAnswerMax))};
}

HttpAnswer connects(const Hub& hub, const HttpRequest& request) {
  const auto from = number(request, "from", 0);
  const auto limit = number(request, "limit", kMessagesPerAnswerMax);
  if (!from || !limit) return failed(400, "'from' and 'limit' must be whole numbers");
  return {200, hub.connects().json(*from, std::min<std::uint64_t>(*limit, kMessagesPerAnswerMax))};
}

HttpAnswer cloudMessages(Hub& hub, const HttpRequest& request) {
  const auto id = request.parameter("device");
  if (!id) return failed(400, "'device' is missing");
  const DeviceState* state = hub.device(*id);
  if (!state) return failed(404, "unknown device");
  return good({{"device", *id}, {"queue", state->mailbox.toJson()}, {"ended", hub.outcomes().toJson(*id)}});
}

HttpAnswer putFaults(Hub& hub, const HttpRequest& request) {
  const auto changes = parseJson(request.body);
  if (!changes) return failed(400, "the body is not JSON");
  const auto merged = mergeFaults(hub.faults(), *changes);
  if (!merged) return failed(400, merged.error());
  hub.setFaults(*merged);
  return good(toJson(hub.faults()));
}

HttpAnswer putRules(Hub& hub, const HttpRequest& request) {
  const auto changes = parseJson(request.body);
  if (!changes) return failed(400, "the body is not JSON");
  const auto merged = mergeRules(hub.rules(), *changes);
  if (!merged) return failed(400, merged.error());
  hub.setRules(*merged);
  return good(toJson(hub.rules()));
}

}  // namespace

HttpAnswer answerControl(Hub& hub, std::string_view method, std::string_view target, std::string_view body) {
  const auto request = parseRequest(method, target, body);
  return request ? answerControl(hub, *request) : failed(400, "broken escape in the target");
}

HttpAnswer answerControl(Hub& hub, const HttpRequest& request) {
  const std::string& method = request.method;
  const std::string& path = request.path;

  if (method == "GET" && path == "/messages") return messages(hub, request);
  if (method == "GET" && path == "/stats") return statistics(hub);
  if (method == "GET" && path == "/connections") return {200, hub.history().json(request.parameter("device"))};
  if (method == "GET" && path == "/connects") return connects(hub, request);
  if (method == "GET" && path == "/faults") return good(toJson(hub.faults()));
  if (method == "PUT" && path == "/faults") return putFaults(hub, request);
  if (method == "GET" && path == "/rules") return good(toJson(hub.rules()));
  if (method == "PUT" && path == "/rules") return putRules(hub, request);
  if (method == "GET" && path == "/c2d") return cloudMessages(hub, request);
  if (method == "GET" && path == "/transcript") return transcript(hub, request);
  if (method == "POST" && path == "/drop") return good({{"dropped", hub.drop(request.parameter("device"), "dropped")}});
  if (method == "POST" && path == "/reset") {
    hub.reset();
    return good(Json::object());
  }
  for (const char* known :
       {"/messages", "/stats", "/connections", "/connects", "/faults", "/drop", "/reset", "/rules", "/c2d", "/transcript"})
    if (path == known) return failed(405, "this path does not take " + method);
  return failed(404, "unknown path");
}

}  // namespace spheregate::hubsim
