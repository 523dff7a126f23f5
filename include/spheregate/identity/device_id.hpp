#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spheregate/identity/settings.hpp"

namespace spheregate::identity {

// Why a text cannot stand where it does.
struct NamingFault {
  std::string what;
  std::string fix;
  bool ofAlias = false;  // the name that people gave is wrong; otherwise the device's id
};

// Nothing when `text` is a device id under the rule.
std::optional<NamingFault> deviceIdFault(std::string_view text, NameRule rule);

// Whether the text has the form of an Azure Sphere id, in either letter case: 128 hexadecimal digits.
bool hasSphereForm(std::string_view text);

}  // namespace spheregate::identity
