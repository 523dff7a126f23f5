#include "hubsim/property_limits.hpp"

#include <algorithm>
#include <cstdint>

namespace spheregate::hubsim {
namespace {

constexpr std::size_t kNameBytesMax = 1024;
constexpr std::size_t kTextBytesMax = 4096;
constexpr int kNestingMax = 10;
constexpr std::int64_t kIntegerMin = -4503599627370496;
constexpr std::int64_t kIntegerMax = 4503599627370495;

bool validName(const std::string& name) {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  return std::none_of(name.begin(), name.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f || c == '.' || c == '$' || c == ' ' || c == '#';
  });
}

bool validInteger(const Json& value) {
  if (value.is_number_unsigned()) return value.get<std::uint64_t>() <= static_cast<std::uint64_t>(kIntegerMax);
  return value.get<std::int64_t>() >= kIntegerMin && value.get<std::int64_t>() <= kIntegerMax;
}

std::optional<std::string> problem(const Json& value, int nesting);

std::optional<std::string> problemWithArray(const Json& array, int nesting) {
  for (const Json& element : array) {
    if (element.is_null()) return "an array holds null";
    if (auto found = problem(element, nesting)) return found;
  }
  return std::nullopt;
}

std::optional<std::string> problem(const Json& value, int nesting) {
  if (value.is_string() && value.get_ref<const std::string&>().size() > kTextBytesMax) return "a text is longer than 4 KB";
  if (value.is_number_integer() && !validInteger(value)) return "an integer is out of range";
  if (!value.is_structured()) return std::nullopt;
  if (nesting > kNestingMax) return "nested deeper than 10";
  if (value.is_array()) return problemWithArray(value, nesting + 1);
  for (const auto& [name, member] : value.items()) {
    if (!validName(name)) return "a name is empty, too long or holds a character that is not allowed";
    if (auto found = problem(member, nesting + 1)) return found;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> problemWithProperties(const Json& section) {
  if (!section.is_object()) return "expected a JSON object";
  return problem(section, 0);
}

std::size_t propertyBytes(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().size();
  if (value.is_boolean()) return 4;
  if (value.is_number()) return 8;
  std::size_t bytes = 0;
  if (value.is_array())
    for (const Json& element : value) bytes += propertyBytes(element);
  if (value.is_object())
    for (const auto& [name, member] : value.items()) bytes += name.size() + propertyBytes(member);
  return bytes;
}

}  // namespace spheregate::hubsim
