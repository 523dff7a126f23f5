#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "hubsim/dps/enrolment.hpp"
#include "hubsim/login.hpp"
#include "hubsim/rules.hpp"

namespace spheregate::hubsim {

// Who speaks on a connection to the provisioning service, and which enrolment lets it.
struct DpsLogin {
  std::string registrationId;
  bool group = false;
  std::string enrolment;        // name of the group, or the registration id
  std::optional<NamedKey> key;  // its own: derived, when of a group; nothing with a certificate
  std::string apiVersion;
  std::string clientVersion;
  std::optional<std::int64_t> tokenExpires;
};

// The checks of a CONNECT: `{scope}/registrations/{id}/api-version=...[&ClientVersion=...]`, client id, then a token of policy
// `registration` or a certificate whose only common name is the registration id. An enrolment of the device comes before groups.
[[nodiscard]] std::variant<DpsLogin, Refusal> judgeDpsLogin(const mqtt::Connect& connect, const ClientCertificate& certificate,
                                                            const Enrolments& enrolments, const Rules& rules, base::WallTime now);

}  // namespace spheregate::hubsim
