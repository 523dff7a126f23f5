#include "hubsim/dps/registrations.hpp"

#include <cstdio>

#include "hubsim/hub_error.hpp"
#include "hubsim/limits.hpp"
#include "spheregate/hub/device_id.hpp"

namespace spheregate::hubsim {
namespace {

DpsAnswer failed(const HubError& error, base::WallTime now) { return {error.status, error.status >= 429, toJson(error, now)}; }

// Two parts, as IoT Hub's have.
std::string operationId(std::uint64_t number) {
  char text[48];
  std::snprintf(text, sizeof text, "4.%016llx.%08x", 0xd0b5ULL, static_cast<unsigned>(number));
  return text;
}

Json stateOf(const std::string& id, const Registration& registration) {
  Json state{{"registrationId", id}, {"status", registration.status}};
  if (registration.created.empty()) return state;
  state["createdDateTimeUtc"] = registration.created;
  state["lastUpdatedDateTimeUtc"] = registration.updated;
  state["etag"] = "\"" + std::to_string(registration.changes) + "\"";
  if (registration.status == "failed") {
    state["errorCode"] = registration.errorCode;
    state["errorMessage"] = "a fault was asked for";
  }
  if (registration.status != "assigned") return state;
  state["assignedHub"] = registration.assignedHub;
  state["deviceId"] = registration.deviceId;
  state["substatus"] = registration.substatus;
  return state;
}

}  // namespace

bool Registrations::arrived(const DpsLogin& login) {
  if (!registrations_.contains(login.registrationId) && registrations_.size() >= kDevicesMax) return false;
  Registration& registration = registrations_[login.registrationId];
  ++registration.connects;
  registration.apiVersion = login.apiVersion;
  registration.clientVersion = login.clientVersion;
  return true;
}

void Registrations::asked(const DpsLogin& login, bool registers) {
  Registration& registration = registrations_[login.registrationId];
  ++(registers ? registration.registers : registration.polls);
}

DpsAnswer Registrations::enroll(const DpsLogin& login, std::string_view body) {
  const auto request = parseJson(body);
  if (!request || !request->is_object()) return failed(errors::argument("the body is not a JSON object"), hub_.wall());
  if (request->value("registrationId", Json()) != Json(login.registrationId))
    return failed(errors::argument("'registrationId' is not the one of the connection"), hub_.wall());
  Registration& registration = registrations_[login.registrationId];
  registration.group = login.group;
  registration.enrolment = login.enrolment;
  registration.symmetricKey = login.key.has_value();
  registration.payload = request->value("payload", Json());
  registration.operation = operationId(++operations_);
  registration.pollsLeft = hub_.rules().dpsAssignPolls;
  if (registration.pollsLeft == 0) {
    assign(login, registration);
    return answerOf(login.registrationId, registration);
  }
  return {202, true, {{"operationId", registration.operation}, {"status", "assigning"}}};
}

DpsAnswer Registrations::poll(const DpsLogin& login, std::string_view operation) {
  Registration& registration = registrations_[login.registrationId];
  if (operation.empty() || operation != registration.operation)
    return failed({404, 404204, "no such operation of this registration"}, hub_.wall());
  if (registration.pollsLeft > 1) {
    --registration.pollsLeft;
    const Json state{{"registrationId", login.registrationId}, {"status", "assigning"}};
    return {202, true, {{"operationId", registration.operation}, {"status", "assigning"}, {"registrationState", state}}};
  }
  if (registration.pollsLeft == 1) assign(login, registration);
  return answerOf(login.registrationId, registration);
}

void Registrations::assign(const DpsLogin& login, Registration& registration) {
  registration.pollsLeft = 0;
  registration.updated = isoTime(hub_.wall());
  if (registration.created.empty()) registration.created = registration.updated;
  ++registration.changes;
  registration.errorCode = hub_.faults().dpsFail;
  const Enrolment* enrolment = enrolments_.find(login.group, login.enrolment);
  if (registration.errorCode == 0 && !enrolment) registration.errorCode = 401002;
  registration.status = registration.errorCode != 0 ? "failed" : enrolment->enabled ? "assigned" : "disabled";
  if (registration.status != "assigned") return;

  const std::string to = enrolment->hub.empty() ? hub_.rules().dpsAssignedHub : enrolment->hub;
  registration.substatus =
      registration.assignedHub.empty() || registration.assignedHub == to ? "initialAssignment" : "deviceDataMigrated";
  registration.deviceId = enrolment->deviceId.empty() ? login.registrationId : enrolment->deviceId;
  move(login, registration, to);
  registration.assignedHub = to;
}

void Registrations::move(const DpsLogin& login, const Registration& registration, const std::string& to) const {
  const std::string& device = registration.deviceId;
  if (!hub_.registry().namesThisHub(to)) {
    if (!registration.assignedHub.empty()) hub_.remove(device);
    return;
  }
  const auto former = hub_.registry().devices.find(device);
  DeviceIdentity identity = former == hub_.registry().devices.end() ? DeviceIdentity{} : former->second;
  identity.key = login.key;
  identity.certificateName = login.key ? std::string{} : login.registrationId;
  const bool moved = !identity.onlyHub.empty() && identity.onlyHub != to;
  identity.onlyHub = to;
  hub_.put(device, std::move(identity));
  if (moved) hub_.drop(device, "reassigned");
}

DpsAnswer Registrations::answerOf(const std::string& id, const Registration& registration) const {
  Json state = stateOf(id, registration);
  Json attestation = Json::object();
  if (registration.group) attestation["enrollmentGroupId"] = registration.enrolment;
  state[registration.symmetricKey ? "symmetricKey" : "x509"] = std::move(attestation);
  return {200, false, {{"operationId", registration.operation}, {"status", registration.status}, {"registrationState", state}}};
}

void Registrations::resetCounts() {
  for (auto& [id, registration] : registrations_) registration.connects = registration.registers = registration.polls = 0;
}

std::optional<Json> Registrations::state(const std::string& registrationId) const {
  const auto found = registrations_.find(registrationId);
  if (found == registrations_.end()) return std::nullopt;
  Json out = stateOf(registrationId, found->second);
  out["payload"] = found->second.payload;
  return out;
}

Json Registrations::toJson() const {
  Json out = Json::array();
  for (const auto& [id, registration] : registrations_)
    out.push_back({{"registration", id},
                   {"enrollment", registration.enrolment},
                   {"group", registration.group},
                   {"status", registration.status},
                   {"substatus", registration.substatus},
                   {"assigned_hub", registration.assignedHub},
                   {"device", registration.deviceId},
                   {"error_code", registration.errorCode},
                   {"operation", registration.operation},
                   {"api_version", registration.apiVersion},
                   {"client_version", registration.clientVersion},
                   {"payload", registration.payload},
                   {"connects", registration.connects},
                   {"registers", registration.registers},
                   {"polls", registration.polls}});
  return out;
}

}  // namespace spheregate::hubsim
