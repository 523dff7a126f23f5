#include "connection_string.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include "spheregate/hub/sas.hpp"

namespace spheregate::app {
namespace {

using Parts = std::map<std::string, std::string>;

constexpr const char* kExample = "HostName=HUB.azure-devices.net;SharedAccessKeyName=POLICY;SharedAccessKey=KEY";

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n\"'";
  const auto begin = text.find_first_not_of(blanks);
  return begin == std::string_view::npos ? std::string_view{} : text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

base::Explained<HubLogin> refused(std::string why) { return base::failed<HubLogin>(std::move(why)); }

base::Explained<Parts> partsOf(std::string_view text) {
  Parts parts;
  for (text = trimmed(text); !text.empty();) {
    const std::string_view part = text.substr(0, text.find(';'));
    text.remove_prefix(std::min(part.size() + 1, text.size()));
    if (part.empty()) continue;
    const auto equals = part.find('=');  // a key ends with some
    if (equals == std::string_view::npos || equals == 0) {
      return base::failed<Parts>(std::string{"is not a connection string; it looks like "} + kExample);
    }
    parts[std::string{part.substr(0, equals)}] = std::string{part.substr(equals + 1)};
  }
  return parts;
}

void asPolicy(const Parts& parts, HubLogin& login) {
  const std::string& policy = parts.at("SharedAccessKeyName");
  login.keyFileKey = "upstream.auth.key_file";
  login.given = {{"upstream.auth.type", "hub_policy"}, {"upstream.auth.policy_name", policy}};
  if (policy == "iothubowner") {
    login.remark =
        "the policy iothubowner may do everything at the hub; better make one with the permission `device connect` only";
  }
}

void asEdge(const Parts& parts, HubLogin& login) {
  login.keyFileKey = "upstream.auth.module_key_file";
  login.given = {{"upstream.auth.type", "on_behalf_of"}, {"upstream.auth.edge_device_id", parts.at("DeviceId")}};
  login.remark = "devices must be children of the edge device: `az iot hub device-identity parent set`";
}

void asGateway(const Parts& parts, HubLogin& login) {
  login.keyFileKey = "upstream.auth.key_file";
  login.given = {
      {"upstream.mode", "shared"}, {"upstream.auth.type", "gateway_sas"}, {"upstream.auth.device_id", parts.at("DeviceId")}};
  login.remark =
      "the key is that of one device, so all devices send under its identity (`mode: shared`), without twins and methods; "
      "with the connection string of a policy each device keeps its own";
}

}  // namespace

base::Explained<HubLogin> parseConnectionString(std::string_view text) {
  const auto read = partsOf(text);
  if (!read) return refused(read.error());
  const Parts& parts = *read;
  if (!parts.contains("HostName")) return refused(std::string{"has no HostName; copy all of it, as in "} + kExample);
  if (parts.contains("SharedAccessSignature"))
    return refused("has a signature that expires instead of a key; give the connection string with SharedAccessKey");
  if (parts.contains("x509"))
    return refused("is of a device with a certificate; set upstream.auth.type: gateway_x509 with `--set` instead");
  if (!parts.contains("SharedAccessKey"))
    return refused(std::string{"has no SharedAccessKey; copy all of it, as in "} + kExample);
  HubLogin login{.hub = parts.at("HostName"), .key = parts.at("SharedAccessKey"), .keyFileKey = {}, .given = {}, .remark = {}};
  if (!hub::SharedAccessKey::fromBase64(login.key)) return refused("has a SharedAccessKey that is not base64; copy all of it");
  if (parts.contains("SharedAccessKeyName")) {
    asPolicy(parts, login);
  } else if (parts.contains("ModuleId") && parts.contains("DeviceId")) {
    if (parts.at("ModuleId") != "$edgeHub")
      return refused("is of another module than $edgeHub; give that of $edgeHub, of a device, or of a policy");
    asEdge(parts, login);
  } else if (parts.contains("DeviceId")) {
    asGateway(parts, login);
  } else {
    return refused(
        "names neither a policy nor a device; give the connection string of a shared access policy with `device connect`");
  }
  return login;
}

}  // namespace spheregate::app
