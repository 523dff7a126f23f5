#pragma once

#include <cstdint>
#include <optional>
#include <variant>

#include "hubsim/hub_error.hpp"
#include "hubsim/json_text.hpp"
#include "hubsim/rules.hpp"

namespace spheregate::hubsim {

// The document of one device: tags only the service sees, desired properties it sets, reported properties the device sets.
// Each section of properties has a version that grows by one with every accepted change, be it none, unless the rules say
// otherwise.
class Twin {
 public:
  // The rules outlive the twin.
  explicit Twin(const Rules& rules) : rules_{rules} {}

  // What the device gets: both sections with their `$version`.
  Json forDevice() const;
  // What a service gets: `tags`, `properties` and `version`.
  Json forService(base::WallTime now) const;

  // Merges the device's patch; nulls delete. The new version, or why nothing changed. `ifVersion` is the device's condition.
  std::variant<std::uint64_t, HubError> report(const Json& patch, std::optional<std::uint64_t> ifVersion);

  // Merges, or replaces by, `tags` and `properties.desired` of a service's document; other members are passed over. The patch
  // to push to the device, with `$version`; nothing when the desired properties were not touched.
  std::variant<std::optional<Json>, HubError> merge(const Json& document);
  std::variant<std::optional<Json>, HubError> replace(const Json& document);

 private:
  std::optional<HubError> tooLarge(const Json& section, std::size_t bytesMax) const;
  // Takes over a service's change; what to push.
  std::optional<Json> accept(Json tags, Json desired, const Json& push, bool touched);

  const Rules& rules_;
  Json tags_ = Json::object();
  Json desired_ = Json::object();
  Json reported_ = Json::object();
  std::uint64_t desiredVersion_ = 1;
  std::uint64_t reportedVersion_ = 1;
  std::uint64_t changes_ = 1;  // of anything; the twin's own version
};

}  // namespace spheregate::hubsim
