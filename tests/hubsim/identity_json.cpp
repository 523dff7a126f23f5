#include "hubsim/identity_json.hpp"

#include <optional>

namespace spheregate::hubsim {
namespace {

Json authentication(const std::optional<NamedKey>& key) {
  const Json text = key ? Json(key->text) : Json(nullptr);
  return {{"type", key ? "sas" : "certificateAuthority"}, {"symmetricKey", {{"primaryKey", text}, {"secondaryKey", text}}}};
}

const Json& member(const Json& object, const char* name) {
  static const Json kNone = nullptr;
  if (!object.is_object()) return kNone;
  const auto found = object.find(name);
  return found == object.end() ? kNone : *found;
}

std::optional<std::string> text(const Json& value) {
  return value.is_string() ? std::optional{value.get<std::string>()} : std::nullopt;
}

std::optional<HubError> readAuthentication(const Json& document, DeviceIdentity& identity) {
  const Json& wanted = member(document, "authentication");
  const std::string type = text(member(wanted, "type")).value_or("sas");
  if (type != "sas" && type != "certificateAuthority") return errors::argument("'authentication.type' is not supported");
  if (type == "certificateAuthority") {
    identity.key.reset();
  } else if (!member(member(wanted, "symmetricKey"), "primaryKey").is_null()) {
    auto key = primaryKeyFromJson(document);
    if (auto* error = std::get_if<HubError>(&key)) return std::move(*error);
    identity.key = std::get<NamedKey>(std::move(key));
  } else if (!identity.key) {
    identity.key = NamedKey::random();
  }
  return std::nullopt;
}

std::optional<HubError> readScopes(const Json& document, DeviceIdentity& identity) {
  if (const auto scope = text(member(document, "deviceScope"))) identity.scope = *scope;
  const Json& parents = member(document, "parentScopes");
  if (parents.is_null()) return std::nullopt;
  if (!parents.is_array()) return errors::argument("'parentScopes' must be an array");
  identity.parentScopes.clear();
  for (const Json& parent : parents) {
    if (!parent.is_string()) return errors::argument("'parentScopes' must hold texts");
    identity.parentScopes.push_back(parent.get<std::string>());
  }
  return std::nullopt;
}

}  // namespace

Json identityToJson(const std::string& device, const DeviceIdentity& identity) {
  return {{"deviceId", device},
          {"status", identity.enabled ? "enabled" : "disabled"},
          {"authentication", authentication(identity.key)},
          {"capabilities", {{"iotEdge", identity.edge}}},
          {"deviceScope", identity.scope},
          {"parentScopes", identity.parentScopes}};
}

Json edgeHubToJson(const std::string& device, const DeviceIdentity& identity) {
  return {{"deviceId", device},
          {"moduleId", "$edgeHub"},
          {"managedBy", "iotEdge"},
          {"authentication", authentication(identity.edgeHubKey)}};
}

std::variant<NamedKey, HubError> primaryKeyFromJson(const Json& document) {
  const auto given = text(member(member(member(document, "authentication"), "symmetricKey"), "primaryKey"));
  if (!given) return errors::argument("'authentication.symmetricKey.primaryKey' must be a text");
  auto key = NamedKey::fromBase64(*given);
  if (!key) return errors::argument("'primaryKey': " + key.error());
  return *std::move(key);
}

std::variant<DeviceIdentity, HubError> identityFromJson(const std::string& device, const Json& document, DeviceIdentity former) {
  if (!document.is_object()) return errors::argument("expected a JSON object");
  if (const auto id = text(member(document, "deviceId")); id && *id != device)
    return errors::argument("'deviceId' is not the one of the path");
  DeviceIdentity identity = std::move(former);
  if (const Json& status = member(document, "status"); !status.is_null()) {
    if (status != "enabled" && status != "disabled") return errors::argument("'status' must be enabled or disabled");
    identity.enabled = status == "enabled";
  }
  if (const Json& edge = member(member(document, "capabilities"), "iotEdge"); edge.is_boolean()) identity.edge = edge.get<bool>();
  if (auto error = readAuthentication(document, identity)) return *std::move(error);
  if (auto error = readScopes(document, identity)) return *std::move(error);
  if (identity.edge && identity.scope.empty()) identity.scope = scopeOfEdge(device);
  if (identity.edge && !identity.edgeHubKey) identity.edgeHubKey = NamedKey::random();
  return identity;
}

}  // namespace spheregate::hubsim
