#include "registration.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "answer_topic.hpp"
#include "host_name.hpp"
#include "spheregate/base/utf8.hpp"
#include "spheregate/hub/device_id.hpp"
#include "spheregate/hub/property_bag.hpp"

namespace spheregate::provisioning {
namespace {

using nlohmann::json;

// What the service says of itself is quoted in states and logs.
constexpr std::size_t kQuotedBytesMax = 300;
constexpr std::size_t kOperationBytesMax = 512;

Fault passing(std::string reason) { return {.kind = Fault::Kind::passing, .reason = std::move(reason), .retryAfter = {}}; }
Fault lasting(std::string reason) { return {.kind = Fault::Kind::lasting, .reason = std::move(reason), .retryAfter = {}}; }

// An empty text when the member is absent or something else.
std::string textOf(const json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end() || !found->is_string()) return {};
  return found->get<std::string>();
}

std::string numberOf(const json& object, const char* name) {
  if (!object.is_object() || !object.contains(name) || !object[name].is_number_integer()) return {};
  return std::to_string(object[name].get<std::int64_t>());
}

std::string clipped(const std::string& text) { return std::string{base::clipUtf8(text, kQuotedBytesMax)}; }

// `: what it says (number)`, as far as it says something.
std::string explanation(const json& object, const char* textName, const char* numberName) {
  const std::string text = clipped(textOf(object, textName));
  const std::string number = numberOf(object, numberName);
  std::string out = text.empty() ? "" : ": " + text;
  if (!number.empty()) out += " (" + number + ")";
  return out;
}

std::chrono::seconds waitOf(std::chrono::seconds asked) {
  if (asked.count() == 0) return Registration::kWaitDefault;
  return std::min(asked, Registration::kWaitMax);
}

}  // namespace

struct Registration::Heard {
  AnswerTopic topic;
  json body;  // null when there is none, discarded when it is not JSON
};

Registration::Send Registration::begin() {
  waiting_ = true;
  return {.topic = "$dps/registrations/PUT/iotdps-register/?$rid=" + nextRequestId(),
          .body = json{{"registrationId", registrationId_}}.dump()};
}

Registration::Send Registration::poll() {
  waiting_ = true;
  return {.topic = "$dps/registrations/GET/iotdps-get-operationstatus/?$rid=" + nextRequestId() +
                   "&operationId=" + hub::percentEncode(operation_),
          .body = {}};
}

Registration::Step Registration::heard(std::string_view topic, base::ByteView body) {
  const auto parsed = parseAnswerTopic(topic);
  if (!parsed || !waiting_ || parsed->requestId != std::to_string(request_)) return Ignore{};
  waiting_ = false;
  if (body.size() > kBodyBytesMax) return passing("the provisioning service sent an answer larger than 64 KiB");
  Heard answer{.topic = *parsed, .body = nullptr};
  if (!body.empty()) answer.body = json::parse(body.begin(), body.end(), nullptr, false);
  if (answer.topic.status >= 300) return failed(answer);
  if (!answer.body.is_object()) return passing("the provisioning service sent an answer that is not a JSON object");
  return answer.topic.status == 202 ? working(answer) : decided(answer);
}

Registration::Step Registration::working(const Heard& answer) {
  std::string operation = textOf(answer.body, "operationId");
  if (operation.size() > kOperationBytesMax) return passing("the provisioning service sent an operation id larger than 512 bytes");
  if (!operation.empty()) operation_ = std::move(operation);
  if (operation_.empty()) return passing("the provisioning service began an operation without an id");
  troubles_ = 0;
  return Wait{waitOf(answer.topic.retryAfter)};
}

Registration::Step Registration::decided(const Heard& answer) {
  const std::string status = textOf(answer.body, "status");
  const json state = answer.body.value("registrationState", json::object());
  if (status == "assigning") return working(answer);
  if (status == "failed")
    return lasting("the provisioning service could not assign a hub" + explanation(state, "errorMessage", "errorCode") +
                   "; check the enrolment group and its hubs");
  if (status == "disabled" || status == "blacklisted")
    return lasting("the enrolment is disabled in the provisioning service; enable it there");
  if (status == "unassigned") return lasting("the provisioning service has assigned no hub; check the enrolment group and its hubs");
  if (status != "assigned") return passing("the provisioning service sent an unknown status: " + clipped(status));

  const std::string registered = textOf(state, "registrationId");
  if (!registered.empty() && !equalIgnoringCase(registered, registrationId_))
    return passing("the provisioning service answered for another registration: " + clipped(registered));
  Assignment assignment{.hub = textOf(state, "assignedHub"), .deviceId = textOf(state, "deviceId")};
  if (!validHostName(assignment.hub)) return passing("the provisioning service assigned something that is not a host: " + clipped(assignment.hub));
  if (!hub::validDeviceId(assignment.deviceId))
    return passing("the provisioning service assigned something that is not a device id: " + clipped(assignment.deviceId));
  return assignment;
}

Registration::Step Registration::failed(const Heard& answer) {
  const int status = answer.topic.status;
  const std::string what = std::to_string(status) + explanation(answer.body, "message", "errorCode");
  if (status < 429) {
    return lasting("the provisioning service refused the registration with " + what +
                   "; check upstream.auth.id_scope, the key or certificate, and that the enrolment exists and is enabled");
  }
  // It may know the operation all the same, so it is not started anew at once.
  if (!operation_.empty() && ++troubles_ < kTroublesMax) return Wait{waitOf(answer.topic.retryAfter)};
  Fault fault = passing("the provisioning service is overloaded or in trouble: " + what);
  fault.retryAfter = std::min(answer.topic.retryAfter, kWaitMax);
  return fault;
}

Fault Registration::silence() const { return passing("the provisioning service did not answer in time"); }

}  // namespace spheregate::provisioning
