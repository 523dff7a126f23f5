#include "hubsim/login.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "hubsim/client_id.hpp"
#include "hubsim/on_behalf.hpp"
#include "spheregate/hub/sas.hpp"
#include "spheregate/hub/username.hpp"

namespace spheregate::hubsim {
namespace {

std::vector<std::string_view> segmentsOf(std::string_view resource) {
  std::vector<std::string_view> segments;
  for (;;) {
    const std::size_t slash = resource.find('/');
    segments.push_back(resource.substr(0, slash));
    if (slash == std::string_view::npos) return segments;
    resource.remove_prefix(slash + 1);
  }
}

// A device's key speaks for `{hub}/devices/{id}` only, a module's also for `/modules/{module}` below it; a policy's for any
// whole-segment prefix.
bool covers(std::string_view resource, std::string_view client, bool byPolicy, const Registry& registry) {
  const auto given = segmentsOf(resource);
  const std::string path = "devices/" + topicIdOf(client);
  const auto whole = segmentsOf(path);
  if (!registry.namesThisHub(given[0]) || given.size() > whole.size() + 1) return false;
  if (!byPolicy && given.size() != 3 && given.size() != whole.size() + 1) return false;
  return std::equal(given.begin() + 1, given.end(), whole.begin());
}

const hub::SharedAccessKey* keyOf(const std::string& client, const Registry& registry) {
  const auto known = registry.devices.find(deviceOf(client));
  if (known == registry.devices.end()) return nullptr;
  const auto& key = isModule(client) ? known->second.edgeHubKey : known->second.key;
  return key ? &key->key : nullptr;
}

// The client's own token, or a policy's.
std::optional<Refusal> refusesOwn(const hub::SasToken& token, std::string_view resource, const std::string& client,
                                  const Registry& registry) {
  const hub::SharedAccessKey* key = nullptr;
  if (token.policy.empty()) {
    key = keyOf(client, registry);
  } else {
    const auto policy = registry.policies.find(token.policy);
    if (policy == registry.policies.end()) return Refusal::unknownPolicy;
    key = &policy->second;
  }
  if (!key || !hub::signedBy(token, *key)) return Refusal::badSignature;
  if (!covers(resource, client, !token.policy.empty(), registry)) return Refusal::wrongAudience;
  return std::nullopt;
}

struct Attempt {
  std::string client;
  std::string_view usernameQuery;
  std::string_view password;
};

std::variant<Login, Refusal> judgeToken(const Attempt& attempt, const Registry& registry, base::WallTime now,
                                        bool requireAuthChain) {
  const auto token = hub::parseSasToken(attempt.password);
  if (!token) return Refusal::badToken;
  const std::string resource = hub::audience(*token);
  const auto edge = token->policy.empty() ? actingEdgeOf(resource, registry) : std::nullopt;
  const auto refusal = edge ? refusesOnBehalf(*token, *edge, attempt.client, attempt.usernameQuery, registry, requireAuthChain)
                            : refusesOwn(*token, resource, attempt.client, registry);
  if (refusal) return *refusal;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (token->expires <= seconds) return Refusal::expired;
  const bool onBehalf = edge && edgeHubOf(*edge) != attempt.client;
  return Login{attempt.client, token->expires, token->resource, resource, token->policy, onBehalf ? *edge : std::string{}};
}

std::variant<Login, Refusal> judgeCertificate(const ClientCertificate& certificate, const std::string& device,
                                              const std::string& commonName) {
  if (certificate.standing == ClientCertificate::Standing::absent) return Refusal::noCredentials;
  if (certificate.standing == ClientCertificate::Standing::untrusted) return Refusal::untrustedCertificate;
  if (certificate.commonName != commonName) return Refusal::certificateName;
  return Login{device, std::nullopt, {}, {}, {}, {}};
}

}  // namespace

std::string_view refusalName(Refusal refusal) {
  switch (refusal) {
    case Refusal::badProtocolLevel:
      return "bad_protocol_level";
    case Refusal::badUsername:
      return "bad_username";
    case Refusal::wrongHub:
      return "wrong_hub";
    case Refusal::clientIdMismatch:
      return "client_id_mismatch";
    case Refusal::unknownDevice:
      return "unknown_device";
    case Refusal::unknownModule:
      return "unknown_module";
    case Refusal::disabled:
      return "disabled";
    case Refusal::noCredentials:
      return "no_credentials";
    case Refusal::badToken:
      return "bad_token";
    case Refusal::unknownPolicy:
      return "unknown_policy";
    case Refusal::badSignature:
      return "bad_signature";
    case Refusal::wrongAudience:
      return "wrong_audience";
    case Refusal::notAnEdge:
      return "not_an_edge";
    case Refusal::outOfScope:
      return "out_of_scope";
    case Refusal::badAuthChain:
      return "bad_auth_chain";
    case Refusal::expired:
      return "expired";
    case Refusal::untrustedCertificate:
      return "untrusted_certificate";
    case Refusal::certificateName:
      return "certificate_name";
    case Refusal::wrongScope:
      return "wrong_scope";
    case Refusal::notEnrolled:
      return "not_enrolled";
    case Refusal::throttled:
      return "throttled";
    case Refusal::fault:
      return "fault";
  }
  return "unknown";
}

mqtt::ConnackCode connackFor(Refusal refusal) {
  if (refusal == Refusal::badProtocolLevel) return mqtt::ConnackCode::badProtocol;
  if (refusal == Refusal::throttled) return mqtt::ConnackCode::unavailable;
  return mqtt::ConnackCode::notAuthorized;
}

std::variant<Login, Refusal> judgeLogin(const mqtt::Connect& connect, const ClientCertificate& certificate,
                                        const Registry& registry, base::WallTime now, bool requireAuthChain) {
  if (!connect.username) return Refusal::badUsername;
  const auto username = hub::parseUsername(*connect.username);
  if (!username) return Refusal::badUsername;
  if (!registry.namesThisHub(username->host)) return Refusal::wrongHub;
  // The registry holds devices, and the one module of edges.
  const bool module = !username->moduleId.empty();
  if (module && username->moduleId != kEdgeHub) return Refusal::unknownModule;
  std::string device{username->deviceId};
  const std::string client = module ? edgeHubOf(device) : device;
  if (connect.clientId != client) return Refusal::clientIdMismatch;

  const auto known = registry.devices.find(device);
  if (known == registry.devices.end() && !registry.acceptUnknownDevices) return Refusal::unknownDevice;
  static const DeviceIdentity kUnknown;
  const DeviceIdentity& identity = known == registry.devices.end() ? kUnknown : known->second;
  if (!identity.enabled) return Refusal::disabled;
  // One process plays several hubs, and a provisioned device is in one of them.
  if (!identity.onlyHub.empty() && !sameHost(identity.onlyHub, username->host)) return Refusal::unknownDevice;

  if (module && !(identity.edge && identity.edgeHubKey)) return Refusal::unknownModule;

  // A password decides, also when a certificate came with it.
  if (connect.password && !connect.password->empty())
    return judgeToken({client, username->query, base::asText(*connect.password)}, registry, now, requireAuthChain);
  if (module) return Refusal::noCredentials;
  return judgeCertificate(certificate, device, identity.certificateName.empty() ? device : identity.certificateName);
}

}  // namespace spheregate::hubsim
