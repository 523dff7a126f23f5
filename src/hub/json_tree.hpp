#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spheregate::hub {

struct JsonMember;

// A JSON value that can be written again as it was: numbers keep their text. Recursion over it ends at the depth it was read with.
struct JsonTree {
  enum class Kind : std::uint8_t { null, scalar, array, object };
  JsonTree();
  explicit JsonTree(Kind made, std::string scalar = {});

  Kind kind = Kind::null;
  std::string text;                 // scalar: as it stands in JSON
  std::vector<JsonTree> items;      // array
  std::vector<JsonMember> members;  // object, by name, each name once

  bool isObject() const { return kind == Kind::object; }
  // Null when there is none.
  JsonTree* member(std::string_view name);
  const JsonTree* member(std::string_view name) const;
  // Added, or in the place of the one that has the name.
  void set(std::string_view name, JsonTree value);
  void erase(std::string_view name);
  bool operator==(const JsonTree&) const;
};

struct JsonMember {
  std::string name;  // decoded
  JsonTree value;
  bool operator==(const JsonMember& other) const { return name == other.name && value == other.value; }
};

// Nothing when it is not JSON, or longer or deeper than the limits.
std::optional<JsonTree> readJson(std::string_view text, std::size_t bytesMax, std::size_t depthMax);
std::string writeJson(const JsonTree& tree);

}  // namespace spheregate::hub
