#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spheregate/base/result.hpp"
#include "spheregate/hub/sas.hpp"

namespace spheregate::hubsim {

// A shared access key that can be shown again; `hub::SharedAccessKey` cannot.
struct NamedKey {
  hub::SharedAccessKey key;
  std::string text;  // base64, as it was given

  static base::Explained<NamedKey> fromBase64(std::string_view text);
  static NamedKey random();
};

// An entry of the identity registry.
struct DeviceIdentity {
  std::optional<NamedKey> key;
  bool enabled = true;
  bool edge = false;
  std::optional<NamedKey> edgeHubKey;  // of an edge's `$edgeHub` module
  // Of an edge: its own scope. Of another device: its parent's.
  std::string scope;
  std::vector<std::string> parentScopes;
  // Of a device that was provisioned: the one name of this hub it may use, and the name in its certificate where that is not
  // its own. Empty otherwise.
  std::string onlyHub{};
  std::string certificateName{};

  // Whether `parent`, an edge, is directly above.
  bool childOf(const DeviceIdentity& parent) const;
};

// The scope an edge is given when none is named.
[[nodiscard]] std::string scopeOfEdge(const std::string& device);

}  // namespace spheregate::hubsim
