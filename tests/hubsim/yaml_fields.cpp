#include "hubsim/yaml_fields.hpp"

#include <algorithm>

namespace spheregate::hubsim::yaml_fields {

void refuse(const YAML::Node& node, const std::string& why) { throw YAML::RepresentationException{node.Mark(), why}; }

void onlyKeys(const YAML::Node& map, std::initializer_list<std::string_view> allowed) {
  if (!map.IsMap()) refuse(map, "expected a map");
  for (const auto& pair : map) {
    const std::string key = pair.first.Scalar();
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end()) refuse(pair.first, "unknown key '" + key + "'");
  }
}

std::string text(const YAML::Node& map, const char* key) {
  const YAML::Node node = map[key];
  if (!node || !node.IsScalar() || node.Scalar().empty()) refuse(node ? node : map, std::string{"'"} + key + "' must be a text");
  return node.Scalar();
}

std::uint32_t number(const YAML::Node& map, const char* key, std::uint32_t otherwise) {
  const YAML::Node node = map[key];
  return node ? node.as<std::uint32_t>() : otherwise;
}

NamedKey keyOf(const YAML::Node& map, const char* name) {
  auto key = NamedKey::fromBase64(text(map, name));
  if (!key) refuse(map[name], std::string{"'"} + name + "': " + key.error());
  return *std::move(key);
}

std::string lowered(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

}  // namespace spheregate::hubsim::yaml_fields
