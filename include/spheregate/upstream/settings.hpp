#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

#include "spheregate/upstream/tier.hpp"

namespace spheregate::upstream {

// transparent: each device under its own identity. shared: all under the gateway's.
enum class Mode : std::uint8_t { transparent, shared };

enum class AuthType : std::uint8_t { onBehalfOf, hubPolicy, deviceKeys, dpsGroup, gatewaySas, gatewayX509 };

// Of the Device Provisioning Service.
struct ProvisioningEndpoint {
  std::string host = "global.azure-devices-provisioning.net";
  std::uint16_t port = 0;  // 0: the one of the transport
};

struct AuthSettings {
  AuthType type = AuthType::hubPolicy;
  std::string edgeDeviceId;             // on_behalf_of: the devices are its children
  std::filesystem::path moduleKeyFile;  // on_behalf_of: key of its module $edgeHub
  bool sendAuthChain = true;            // on_behalf_of
  std::string policyName;               // hub_policy
  std::filesystem::path keyFile;        // hub_policy, gateway_sas
  std::filesystem::path keysFile;       // device_keys: CSV `id,base64-key` or YAML `id: base64-key`
  std::string deviceId;                 // gateway_sas, gateway_x509: the gateway's own device; with idScope its registration
  std::filesystem::path certificate;    // gateway_x509: PEM, leaf first
  std::filesystem::path privateKey;     // gateway_x509
  std::string idScope;                  // dps_group; gateway_sas, gateway_x509: empty without the provisioning service
  std::filesystem::path groupKeyFile;   // dps_group: key of the enrolment group
  ProvisioningEndpoint endpoint;        // where idScope is
  std::uint32_t registrationsPerMinute = 120;  // dps_group
  std::chrono::seconds tokenLife{3600};
};

// Whether the provisioning service says which hub it is.
inline bool assignsHub(const AuthSettings& auth) { return auth.type == AuthType::dpsGroup || !auth.idScope.empty(); }

struct Settings {
  std::string hub;  // may be empty when the provisioning service says which; otherwise it is the only one that is taken
  Mode mode = Mode::transparent;
  Tier tier = Tier::unknown;
  std::uint32_t units = 1;
  double connectsPerSecond = 0;  // 0: by the tier
  double drainPerSecond = 0;     // backlogs of all devices together; 0: no limit of their own
  std::size_t inflightPerDevice = 32;
  std::chrono::milliseconds ackTimeout{30'000};
  std::chrono::milliseconds keepAlive{240'000};
  std::chrono::milliseconds backoffMin{1'000};
  std::chrono::milliseconds backoffMax{60'000};
  std::chrono::milliseconds idleClose{60'000};  // a link opened only for an absent device's backlog, once that is empty
  AuthSettings auth;
};

// No gateway makes more handshakes a second, whatever the hub takes.
inline constexpr double kConnectsMax = 10'000;

// What the gateway allows itself: a little less than the tier's throttles. `connects` is never 0.
Throttles allowance(const Settings& settings);

}  // namespace spheregate::upstream
