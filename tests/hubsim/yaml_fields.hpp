#pragma once

#include <yaml-cpp/yaml.h>

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

#include "hubsim/device_identity.hpp"

// Fields of the registry file. All throw YAML::Exception that knows its line.
namespace spheregate::hubsim::yaml_fields {

[[noreturn]] void refuse(const YAML::Node& node, const std::string& why);
void onlyKeys(const YAML::Node& map, std::initializer_list<std::string_view> allowed);
std::string text(const YAML::Node& map, const char* key);
std::uint32_t number(const YAML::Node& map, const char* key, std::uint32_t otherwise);
NamedKey keyOf(const YAML::Node& map, const char* name);
std::string lowered(std::string_view text);

}  // namespace spheregate::hubsim::yaml_fields
