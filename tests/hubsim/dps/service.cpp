#include "hubsim/dps/service.hpp"

#include <string>
#include <utility>
#include <variant>

#include "hubsim/hub_error.hpp"
#include "hubsim/identity_json.hpp"
#include "hubsim/limits.hpp"
#include "spheregate/hub/device_id.hpp"

namespace spheregate::hubsim {
namespace {

HttpAnswer good(const Json& json) { return {200, dumped(json) + "\n"}; }

HttpAnswer failed(Provisioning& service, const HubError& error) {
  return {error.status, dumped(toJson(error, service.hub().wall())) + "\n"};
}

HttpAnswer wrongMethod(Provisioning& service) { return failed(service, {405, 405001, "this path does not take this method"}); }

Json toJson(bool group, const std::string& name, const Enrolment& enrolment) {
  Json out{{group ? "enrollmentGroupId" : "registrationId", name},
           {"provisioningStatus", enrolment.enabled ? "enabled" : "disabled"},
           {"iotHubHostName", enrolment.hub},
           {"attestation", {{"type", enrolment.key ? "symmetricKey" : "x509"}}}};
  if (enrolment.key)
    out["attestation"]["symmetricKey"] = {{"primaryKey", enrolment.key->text}, {"secondaryKey", enrolment.key->text}};
  if (!group) out["deviceId"] = enrolment.deviceId;
  return out;
}

std::optional<HubError> readAttestation(const Json& attestation, Enrolment& enrolment) {
  const std::string type = attestation.is_object() ? attestation.value("type", "symmetricKey") : "";
  if (type == "x509") {
    enrolment.key.reset();
    return std::nullopt;
  }
  if (type != "symmetricKey") return errors::argument("'attestation.type' must be symmetricKey or x509");
  auto key = primaryKeyFromJson({{"authentication", attestation}});
  if (auto* error = std::get_if<HubError>(&key)) return std::move(*error);
  enrolment.key = std::get<NamedKey>(std::move(key));
  return std::nullopt;
}

// `enrolment` with what the document says.
std::optional<HubError> read(const Json& document, Enrolment& enrolment) {
  for (const auto& [name, to] : {std::pair{"iotHubHostName", &enrolment.hub}, {"deviceId", &enrolment.deviceId}}) {
    const auto found = document.find(name);
    if (found == document.end() || found->is_null()) continue;
    if (!found->is_string()) return errors::argument(std::string{"'"} + name + "' must be a text");
    *to = found->get<std::string>();
  }
  if (!enrolment.deviceId.empty() && !hub::validDeviceId(enrolment.deviceId))
    return errors::argument("'deviceId' is no device id");
  if (const auto status = document.find("provisioningStatus"); status != document.end()) {
    if (*status != "enabled" && *status != "disabled")
      return errors::argument("'provisioningStatus' must be enabled or disabled");
    enrolment.enabled = *status == "enabled";
  }
  const auto attestation = document.find("attestation");
  return attestation == document.end() ? std::nullopt : readAttestation(*attestation, enrolment);
}

HttpAnswer put(Provisioning& service, bool group, const std::string& name, std::string_view body) {
  Enrolments& enrolments = service.registrations().enrolments();
  auto& all = group ? enrolments.groups : enrolments.devices;
  const auto document = parseJson(body);
  if (!document || !document->is_object()) return failed(service, errors::argument("the body is not a JSON object"));
  if (!group && !validRegistrationId(name)) return failed(service, errors::argument("not a registration id"));
  const Enrolment* former = enrolments.find(group, name);
  if (!former && all.size() >= kDevicesMax) return failed(service, errors::throttled());
  Enrolment enrolment = former ? *former : Enrolment{.key = NamedKey::random(), .enabled = true, .deviceId = {}, .hub = {}};
  try {
    if (const auto error = read(*document, enrolment)) return failed(service, *error);
  } catch (const Json::exception&) {
    return failed(service, errors::argument("a member has the wrong type"));
  }
  all.insert_or_assign(name, std::move(enrolment));
  return good(toJson(group, name, *enrolments.find(group, name)));
}

HttpAnswer enrollment(Provisioning& service, const HttpRequest& request, bool group) {
  const std::string& name = request.segments[1];
  Enrolments& enrolments = service.registrations().enrolments();
  if (request.method == "PUT") return put(service, group, name, request.body);
  const Enrolment* found = enrolments.find(group, name);
  if (!found) return failed(service, {404, 404201, "no such enrollment"});
  if (request.method == "GET") return good(toJson(group, name, *found));
  if (request.method != "DELETE") return wrongMethod(service);
  (group ? enrolments.groups : enrolments.devices).erase(name);
  return {204, ""};
}

HttpAnswer registration(Provisioning& service, const HttpRequest& request) {
  const std::string& id = request.segments[1];
  const auto state = service.registrations().state(id);
  if (!state) return failed(service, {404, 404204, "no such registration"});
  if (request.method == "GET") return good(*state);
  if (request.method != "DELETE") return wrongMethod(service);
  service.registrations().forget(id);
  return {204, ""};
}

}  // namespace

std::optional<HttpAnswer> answerDps(Provisioning& service, const HttpRequest& request) {
  const auto& segments = request.segments;
  if (segments.size() == 1 && segments[0] == "dps")
    return request.method == "GET" ? good(service.toJson()) : wrongMethod(service);
  if (segments.size() != 2 || segments[1].empty()) return std::nullopt;
  if (segments[0] == "enrollments") return enrollment(service, request, false);
  if (segments[0] == "enrollmentGroups") return enrollment(service, request, true);
  if (segments[0] == "registrations") return registration(service, request);
  return std::nullopt;
}

}  // namespace spheregate::hubsim
