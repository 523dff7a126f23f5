#pragma once

#include <string>
#include <vector>

#include "spheregate/config/config.hpp"

namespace spheregate::test {

// The least that a configuration must say.
inline const std::string kLeast =
    "hostname: gateway.plant.example\n"
    "tls: { certificate: /a/server.pem, private_key: /a/server.key }\n"
    "devices: { tenant_ca: /a/tenant-ca.d }\n"
    "upstream:\n"
    "  hub: contoso.azure-devices.net\n"
    "  auth: { type: hub_policy, policy_name: device, key_file: /a/policy.key }\n";

inline std::vector<std::string> problemsOf(const std::string& yaml) {
  std::vector<std::string> lines;
  for (const auto& problem : config::parse(yaml, "f").problems) lines.push_back(config::text(problem));
  return lines;
}

// `kLeast` with the value of one dotted key replaced or added, all in flow style so that places do not matter.
inline std::string leastWith(const std::string& section, const std::string& keyAndValue) {
  if (section == "devices")
    return "devices: { tenant_ca: /a, " + keyAndValue + " }\n" + kLeast.substr(0, kLeast.find("devices:")) +
           kLeast.substr(kLeast.find("upstream:"));
  if (section == "upstream") return kLeast + "  " + keyAndValue + "\n";
  if (section == "tls")
    return "tls: { certificate: /a, private_key: /a, " + keyAndValue + " }\n" + kLeast.substr(0, kLeast.find("tls:")) +
           kLeast.substr(kLeast.find("devices:"));
  return kLeast + section + ": { " + keyAndValue + " }\n";
}

// `kLeast` with other keys of `upstream.auth`.
inline std::string leastWithAuth(const std::string& keys) {
  const std::string before = kLeast.substr(0, kLeast.find("auth:"));
  return before + "auth: { " + keys + " }\n";
}

}  // namespace spheregate::test
