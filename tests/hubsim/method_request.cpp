#include "hubsim/method_request.hpp"

#include <algorithm>

namespace spheregate::hubsim {
namespace {

// One level of a topic, of visible ASCII.
bool validMethodName(const std::string& name) {
  if (name.empty() || name.size() > kMethodNameBytesMax) return false;
  return std::none_of(name.begin(), name.end(),
                      [](char c) { return c <= ' ' || c > '~' || c == '/' || c == '+' || c == '#' || c == '?'; });
}

// Nothing when it is there and no whole number in the range.
std::optional<std::chrono::seconds> seconds(const Json& document, const char* name, std::chrono::seconds otherwise,
                                            std::chrono::seconds least) {
  const auto found = document.find(name);
  if (found == document.end() || found->is_null()) return otherwise;
  if (!found->is_number_unsigned()) return std::nullopt;
  const auto value = found->get<std::uint64_t>();
  if (value < static_cast<std::uint64_t>(least.count()) || value > static_cast<std::uint64_t>(kMethodTimeoutMax.count()))
    return std::nullopt;
  return std::chrono::seconds{value};
}

}  // namespace

std::variant<MethodCall, HubError> methodCallFrom(const std::string& device, std::string_view body) {
  const auto document = parseJson(body);
  if (!document || !document->is_object()) return errors::argument("expected a JSON object");
  const auto name = document->find("methodName");
  if (name == document->end() || !name->is_string() || !validMethodName(name->get_ref<const std::string&>()))
    return errors::argument("'methodName' is not the name of a method");
  MethodCall call{device, name->get<std::string>(), {}, {}, {}};
  if (const auto payload = document->find("payload"); payload != document->end()) call.payload = dumped(*payload);
  if (call.payload.size() > kMethodPayloadBytesMax) return errors::tooLarge("the payload is larger than 128 KB");
  const auto response = seconds(*document, "responseTimeoutInSeconds", kMethodTimeout, kMethodTimeoutMin);
  const auto connect = seconds(*document, "connectTimeoutInSeconds", std::chrono::seconds{0}, std::chrono::seconds{0});
  if (!response || !connect)
    return errors::argument("timeouts are whole seconds: 5 to 300 for the response, 0 to 300 to connect");
  call.responseTimeout = *response;
  call.connectTimeout = *connect;
  return call;
}

}  // namespace spheregate::hubsim
