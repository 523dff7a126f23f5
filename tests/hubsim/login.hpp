#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "hubsim/registry.hpp"
#include "spheregate/base/bytes.hpp"
#include "spheregate/base/clock.hpp"
#include "spheregate/mqtt/packets.hpp"

namespace spheregate::hubsim {

// What the TLS handshake brought. The hub asks for a certificate and judges it only at CONNECT.
struct ClientCertificate {
  enum class Standing { absent, untrusted, trusted };
  Standing standing = Standing::absent;
  std::string commonName;  // the only one of the leaf, in full; empty when there is none or several
  std::string problem;     // why it is untrusted, for the log
};

// Why a CONNECT was refused; the names are the keys of `connects_refused` in the statistics.
enum class Refusal {
  badProtocolLevel,
  badUsername,
  wrongHub,
  clientIdMismatch,
  unknownDevice,
  unknownModule,
  disabled,
  noCredentials,
  badToken,
  unknownPolicy,
  badSignature,
  wrongAudience,
  notAnEdge,
  outOfScope,
  badAuthChain,
  expired,
  untrustedCertificate,
  certificateName,
  wrongScope,
  notEnrolled,
  throttled,
  fault,
};
std::string_view refusalName(Refusal refusal);
mqtt::ConnackCode connackFor(Refusal refusal);

struct Login {
  std::string device;                        // or the `$edgeHub` module of one, as client_id.hpp writes it
  std::optional<std::int64_t> tokenExpires;  // seconds since 1970; nothing with a certificate
  std::string tokenSr;                       // as received
  std::string tokenResource;                 // decoded audience
  std::string policy;
  std::string actingEdge;  // whose $edgeHub module signed; empty for a client that speaks for itself
};

// IoT Hub's checks of a CONNECT that decoded well: username, client id, registry, then SAS token or certificate. The token is
// the device's own, a policy's, or that of an edge above the device.
[[nodiscard]] std::variant<Login, Refusal> judgeLogin(const mqtt::Connect& connect, const ClientCertificate& certificate,
                                                      const Registry& registry, base::WallTime now,
                                                      bool requireAuthChain = false);

}  // namespace spheregate::hubsim
