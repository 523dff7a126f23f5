#include "hubsim/registry.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "hubsim/yaml_fields.hpp"
#include "spheregate/hub/device_id.hpp"

namespace spheregate::hubsim {

using namespace yaml_fields;

namespace {

void readHubs(const YAML::Node& node, Registry& registry) {
  if (node && node.IsScalar()) registry.hubs.push_back(lowered(node.Scalar()));
  if (node && node.IsSequence())
    for (const YAML::Node& name : node) registry.hubs.push_back(lowered(name.as<std::string>()));
}

void readPolicy(const YAML::Node& entry, Registry& registry) {
  onlyKeys(entry, {"name", "key"});
  if (!registry.policies.emplace(text(entry, "name"), keyOf(entry, "key").key).second)
    refuse(entry, "this policy is listed twice");
}

void readDevice(const YAML::Node& entry, Registry& registry) {
  onlyKeys(entry, {"id", "key", "status", "edge", "edge_hub_key", "scope", "parent"});
  DeviceIdentity device;
  const std::string id = text(entry, "id");
  if (!hub::validDeviceId(id)) refuse(entry["id"], "not a device id");
  if (entry["key"]) device.key = keyOf(entry, "key");
  const std::string status = entry["status"] ? text(entry, "status") : "enabled";
  if (status != "enabled" && status != "disabled") refuse(entry["status"], "'status' must be enabled or disabled");
  device.enabled = status == "enabled";
  if (entry["edge"]) device.edge = entry["edge"].as<bool>();
  if (entry["edge_hub_key"]) device.edgeHubKey = keyOf(entry, "edge_hub_key");
  if (device.edgeHubKey && !device.edge) refuse(entry["edge_hub_key"], "only an edge has a $edgeHub module");
  if (entry["scope"]) device.scope = text(entry, "scope");
  if (device.edge && device.scope.empty()) device.scope = scopeOfEdge(id);
  if (!registry.devices.emplace(id, std::move(device)).second) refuse(entry["id"], "this device is listed twice");
}

// After all devices are read, as a parent may be listed below its children.
void readParent(const YAML::Node& entry, Registry& registry) {
  if (!entry["parent"]) return;
  const auto parent = registry.devices.find(text(entry, "parent"));
  if (parent == registry.devices.end() || !parent->second.edge) refuse(entry["parent"], "'parent' must be a listed edge");
  DeviceIdentity& child = registry.devices.at(text(entry, "id"));
  if (!child.edge && entry["scope"]) refuse(entry["scope"], "the parent decides the scope");
  child.parentScopes.push_back(parent->second.scope);
  if (!child.edge) child.scope = parent->second.scope;
}

Registry fromYaml(const YAML::Node& root) {
  Registry registry;
  onlyKeys(root, {"hub", "policies", "accept_unknown_devices", "devices", "dps"});
  readHubs(root["hub"], registry);
  if (registry.hubs.empty()) refuse(root, "'hub' must be a name or a list of names");
  if (root["dps"]) registry.dps = readEnrolments(root["dps"], registry.hubs.front());
  for (const YAML::Node& entry : root["policies"]) readPolicy(entry, registry);
  for (const YAML::Node& entry : root["devices"]) readDevice(entry, registry);
  for (const YAML::Node& entry : root["devices"]) readParent(entry, registry);
  if (root["accept_unknown_devices"]) registry.acceptUnknownDevices = root["accept_unknown_devices"].as<bool>();
  return registry;
}

}  // namespace

bool Registry::namesThisHub(std::string_view host) const {
  return std::find(hubs.begin(), hubs.end(), lowered(host)) != hubs.end();
}

bool sameHost(std::string_view one, std::string_view other) { return lowered(one) == lowered(other); }

base::Explained<Registry> parseRegistry(const std::string& yaml, const std::string& source) {
  try {
    return fromYaml(YAML::Load(yaml));
  } catch (const YAML::Exception& error) {
    return source + ":" + std::to_string(error.mark.line + 1) + ":" + std::to_string(error.mark.column + 1) + ": " + error.msg;
  }
}

base::Explained<Registry> readRegistry(const std::string& file) {
  std::ifstream in{file};
  std::ostringstream content;
  if (!in || !(content << in.rdbuf())) return file + ": cannot be read";
  return parseRegistry(content.str(), file);
}

}  // namespace spheregate::hubsim
