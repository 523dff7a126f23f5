#include "hubsim/dps/enrolment.hpp"

#include <algorithm>
#include <utility>

#include "hubsim/yaml_fields.hpp"
#include "spheregate/hub/device_id.hpp"

namespace spheregate::hubsim {

using namespace yaml_fields;

namespace {

bool letterOrDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

Enrolment enrolmentOf(const YAML::Node& entry) {
  Enrolment enrolment;
  if (entry["key"]) enrolment.key = keyOf(entry, "key");
  const bool x509 = entry["x509"] && entry["x509"].as<bool>();
  if (x509 == enrolment.key.has_value()) refuse(entry, "expected either 'key' or 'x509: true'");
  const std::string status = entry["status"] ? text(entry, "status") : "enabled";
  if (status != "enabled" && status != "disabled") refuse(entry["status"], "'status' must be enabled or disabled");
  enrolment.enabled = status == "enabled";
  if (entry["assigned_hub"]) enrolment.hub = text(entry, "assigned_hub");
  return enrolment;
}

void readGroup(const YAML::Node& entry, Enrolments& enrolments) {
  onlyKeys(entry, {"name", "key", "x509", "status", "assigned_hub"});
  if (!enrolments.groups.emplace(text(entry, "name"), enrolmentOf(entry)).second) refuse(entry, "this group is listed twice");
}

void readDevice(const YAML::Node& entry, Enrolments& enrolments) {
  onlyKeys(entry, {"id", "key", "x509", "status", "assigned_hub", "device_id"});
  const std::string id = text(entry, "id");
  if (!validRegistrationId(id)) refuse(entry["id"], "not a registration id");
  Enrolment enrolment = enrolmentOf(entry);
  if (entry["device_id"]) enrolment.deviceId = text(entry, "device_id");
  if (entry["device_id"] && !hub::validDeviceId(enrolment.deviceId)) refuse(entry["device_id"], "not a device id");
  if (!enrolments.devices.emplace(id, std::move(enrolment)).second) refuse(entry["id"], "this enrollment is listed twice");
}

}  // namespace

const Enrolment* Enrolments::find(bool group, const std::string& name) const {
  const auto& all = group ? groups : devices;
  const auto found = all.find(name);
  return found == all.end() ? nullptr : &found->second;
}

Enrolments readEnrolments(const YAML::Node& node, const std::string& firstHub) {
  onlyKeys(node, {"id_scope", "assigned_hub", "groups", "enrollments", "assign_polls", "retry_after"});
  Enrolments enrolments;
  enrolments.idScope = text(node, "id_scope");
  enrolments.assignedHub = node["assigned_hub"] ? text(node, "assigned_hub") : firstHub;
  enrolments.assignPolls = number(node, "assign_polls", enrolments.assignPolls);
  enrolments.retryAfterSeconds = number(node, "retry_after", enrolments.retryAfterSeconds);
  for (const YAML::Node& entry : node["groups"]) readGroup(entry, enrolments);
  for (const YAML::Node& entry : node["enrollments"]) readDevice(entry, enrolments);
  return enrolments;
}

bool validRegistrationId(std::string_view id) {
  if (id.empty() || id.size() > hub::kDeviceIdBytesMax || !(letterOrDigit(id.back()) || id.back() == '-')) return false;
  return std::all_of(id.begin(), id.end(),
                     [](char c) { return letterOrDigit(c) || c == '-' || c == '.' || c == '_' || c == ':'; });
}

}  // namespace spheregate::hubsim
