#include "hubsim/login.hpp"

#include <algorithm>
#include <chrono>
#include <vector>

#include "hubsim/client_id.hpp"
#include "hubsim/on_behalf.hpp"
#include "spheregate/hub/property_bag.hpp"
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
  const Registry& registry;
  const Rules& rules;
};

// An edge that speaks, and the key it must have signed with; null when it has none.
struct Acting {
  std::string edge;
  const NamedKey* key = nullptr;
};

std::optional<Acting> actingOf(std::string_view resource, const Attempt& attempt) {
  const auto& devices = attempt.registry.devices;
  const auto keyIn = [&](const std::string& edge, const std::optional<NamedKey> DeviceIdentity::*member) -> const NamedKey* {
    const auto found = devices.find(edge);
    return found != devices.end() && found->second.*member ? &*(found->second.*member) : nullptr;
  };
  if (auto edge = actingEdgeOf(resource, attempt.registry)) return Acting{*edge, keyIn(*edge, &DeviceIdentity::edgeHubKey)};
  const auto segments = segmentsOf(resource);
  if (!attempt.rules.onBehalfByDeviceKey || segments.size() != 3 || segments[1] != "devices") return std::nullopt;
  const std::string edge{segments[2]};
  if (!attempt.registry.namesThisHub(segments[0]) || edge == deviceOf(attempt.client)) return std::nullopt;
  return Acting{edge, keyIn(edge, &DeviceIdentity::key)};
}

std::optional<Refusal> refusesActing(const hub::SasToken& token, const Acting& acting, const Attempt& attempt) {
  const auto once = hub::percentDecode(token.resource);
  if (!attempt.rules.singleEncodedAudience && once && once->ends_with(kEdgeHub)) return Refusal::wrongAudience;
  if (!acting.key) return Refusal::notAnEdge;
  if (!hub::signedBy(token, acting.key->key)) return Refusal::badSignature;
  return refusesOnBehalf(acting.edge, attempt.client, attempt.usernameQuery, attempt.registry, attempt.rules.requireAuthChain);
}

// The edge of a login, unless it is the client itself.
std::string onBehalf(const std::string& edge, const std::string& client) {
  return edgeHubOf(edge) == client ? std::string{} : edge;
}

std::variant<Login, Refusal> judgeToken(const Attempt& attempt, std::string_view password, base::WallTime now) {
  const auto token = hub::parseSasToken(password);
  if (!token) return Refusal::badToken;
  const std::string resource = hub::audience(*token);
  const auto acting = token->policy.empty() ? actingOf(resource, attempt) : std::nullopt;
  const auto refusal =
      acting ? refusesActing(*token, *acting, attempt) : refusesOwn(*token, resource, attempt.client, attempt.registry);
  if (refusal) return *refusal;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (token->expires <= seconds) return Refusal::expired;
  return Login{attempt.client, token->expires, token->resource,
               resource,       token->policy,  acting ? onBehalf(acting->edge, attempt.client) : std::string{}};
}

std::variant<Login, Refusal> judgeCertificate(const Attempt& attempt, const ClientCertificate& certificate,
                                              const std::string& commonName) {
  if (certificate.standing == ClientCertificate::Standing::absent) return Refusal::noCredentials;
  if (certificate.standing == ClientCertificate::Standing::untrusted) return Refusal::untrustedCertificate;
  const bool same = attempt.rules.certificateNamesIgnoreCase ? sameIgnoringCase(certificate.commonName, commonName)
                                                             : certificate.commonName == commonName;
  if (same && !isModule(attempt.client)) return Login{attempt.client, std::nullopt, {}, {}, {}, {}};
  if (!attempt.rules.onBehalfByCertificate) return Refusal::certificateName;
  const auto refusal = refusesOnBehalf(certificate.commonName, attempt.client, attempt.usernameQuery, attempt.registry,
                                       attempt.rules.requireAuthChain);
  if (refusal) return *refusal;
  return Login{attempt.client, std::nullopt, {}, {}, {}, onBehalf(certificate.commonName, attempt.client)};
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
    case Refusal::badWill:
      return "bad_will";
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

bool refusalNamed(std::string_view name) {
  for (int i = 0; i <= static_cast<int>(Refusal::fault); ++i)
    if (refusalName(static_cast<Refusal>(i)) == name) return true;
  return false;
}

std::optional<mqtt::ConnackCode> connackFor(Refusal refusal, const Rules& rules) {
  const auto told = rules.connackCodes.byRefusal.find(refusalName(refusal));
  if (told != rules.connackCodes.byRefusal.end())
    return told->second == 0 ? std::nullopt : std::optional{static_cast<mqtt::ConnackCode>(told->second)};
  if (refusal == Refusal::badProtocolLevel) return mqtt::ConnackCode::badProtocol;
  if (refusal == Refusal::throttled) return mqtt::ConnackCode::unavailable;
  return mqtt::ConnackCode::notAuthorized;
}

std::variant<Login, Refusal> judgeLogin(const mqtt::Connect& connect, const ClientCertificate& certificate,
                                        const Registry& registry, base::WallTime now, const Rules& rules) {
  if (!connect.username) return Refusal::badUsername;
  const auto username = hub::parseUsername(*connect.username);
  if (!username) return Refusal::badUsername;
  // The query is a view into the text, behind the question mark where there is one.
  if (!rules.legacyUsername && *(username->query.data() - 1) != '?') return Refusal::badUsername;
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
  if (!identity.onlyHub.empty() && !sameIgnoringCase(identity.onlyHub, username->host)) return Refusal::unknownDevice;

  if (module && !(identity.edge && identity.edgeHubKey)) return Refusal::unknownModule;

  // A password decides, also when a certificate came with it.
  const Attempt attempt{client, username->query, registry, rules};
  if (connect.password && !connect.password->empty()) return judgeToken(attempt, base::asText(*connect.password), now);
  return judgeCertificate(attempt, certificate, identity.certificateName.empty() ? device : identity.certificateName);
}

}  // namespace spheregate::hubsim
