#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "hubsim/device_identity.hpp"

namespace YAML {
class Node;
}

namespace spheregate::hubsim {

// Who may register with the provisioning service: one device, or a group of them.
struct Enrolment {
  std::optional<NamedKey> key;  // a group derives its devices' keys from it; without one, certificates of the client CAs
  bool enabled = true;
  std::string deviceId;  // of one device; empty: its registration id
  std::string hub;       // where its devices go; empty: where all go
};

// The provisioning service of the registry file.
struct Enrolments {
  std::string idScope;
  std::string assignedHub;
  std::map<std::string, Enrolment> groups;   // by name
  std::map<std::string, Enrolment> devices;  // by registration id
  std::uint32_t assignPolls = 1;
  std::uint32_t retryAfterSeconds = 1;

  const Enrolment* find(bool group, const std::string& name) const;
};

// The first enrolments; the service API may change them.
//   { id_scope: 0ne..., assigned_hub: NAME, groups: [{name, key | x509: true}], enrollments: [{id, key | x509: true, device_id}],
//     assign_polls: 1, retry_after: 1 }
// Groups and enrollments may have `status` (enabled or disabled) and `assigned_hub`. Throws YAML::Exception.
[[nodiscard]] Enrolments readEnrolments(const YAML::Node& node, const std::string& firstHub);

// 1 to 128 ASCII letters, digits and `- . _ :`, the last a letter, a digit or a dash.
[[nodiscard]] bool validRegistrationId(std::string_view id);

}  // namespace spheregate::hubsim
