#include "spheregate/hub/twin_patch.hpp"

#include <nlohmann/json.hpp>

namespace spheregate::hub {
namespace {

using nlohmann::json;

constexpr std::size_t kSectionBytesMax = 32 * 1024;
constexpr std::size_t kNameBytesMax = 1024;
constexpr std::size_t kStringBytesMax = 4096;
constexpr int kDepthMax = 10;
constexpr std::int64_t kIntegerMax = 4'503'599'627'370'495;
constexpr std::size_t kNumberBytes = 8;
constexpr std::size_t kBoolBytes = 4;

bool goodName(const std::string& name) {
  if (name.empty() || name.size() > kNameBytesMax) return false;
  for (const char raw : name) {
    const auto c = static_cast<unsigned char>(raw);
    if (c <= 0x20 || c == 0x7F || c == '.' || c == '$' || c == '#') return false;
  }
  return true;
}

bool goodInteger(const json& number) {
  if (number.is_number_unsigned()) return number.get<std::uint64_t>() <= static_cast<std::uint64_t>(kIntegerMax);
  if (!number.is_number_integer()) return true;
  const auto value = number.get<std::int64_t>();
  return value <= kIntegerMax && value >= -kIntegerMax - 1;
}

// Adds up what the hub counts. Recursion ends at the depth that is allowed.
class Inspection {
 public:
  const char* value(const json& value, int depth, bool inArray) {
    if (value.is_object()) return object(value, depth);
    if (value.is_array()) return array(value, depth);
    if (value.is_null()) return inArray ? "an array contains null" : nullptr;
    if (value.is_string()) {
      bytes_ += value.get_ref<const std::string&>().size();
      return value.get_ref<const std::string&>().size() > kStringBytesMax ? "a string is longer than 4 KB" : nullptr;
    }
    bytes_ += value.is_boolean() ? kBoolBytes : kNumberBytes;
    return goodInteger(value) ? nullptr : "an integer is out of range";
  }
  bool tooLarge() const { return bytes_ > kSectionBytesMax; }

 private:
  const char* object(const json& members, int depth) {
    if (depth > kDepthMax) return "it is nested deeper than 10 levels";
    for (const auto& [name, member] : members.items()) {
      if (!goodName(name)) return "a property has a name that is empty, too long, or has a character that is not allowed";
      bytes_ += name.size();
      if (const char* fault = value(member, depth + 1, false)) return fault;
    }
    return nullptr;
  }
  const char* array(const json& members, int depth) {
    if (depth > kDepthMax) return "it is nested deeper than 10 levels";
    for (const json& member : members) {
      if (const char* fault = value(member, depth + 1, true)) return fault;
    }
    return nullptr;
  }

  std::size_t bytes_ = 0;
};

// Counts brackets before anything is built, so that a hostile text cannot make the parser recurse.
bool tooDeep(std::string_view text) {
  int depth = 0;
  bool inString = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (inString) {
      if (c == '\\') ++at;
      if (c == '"') inString = false;
    } else if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kDepthMax + 2) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

std::optional<std::string> reportedPatchFault(std::string_view text) {
  // White space and the like aside, nothing within the limits is larger.
  if (text.size() > 4 * kSectionBytesMax) return "it is larger than 32 KB";
  if (tooDeep(text)) return "it is nested deeper than 10 levels";
  const json patch = json::parse(text, nullptr, false);
  if (patch.is_discarded()) return "it is not JSON";
  if (!patch.is_object()) return "it is not a JSON object";
  Inspection inspection;
  if (const char* fault = inspection.value(patch, 1, false)) return fault;
  if (inspection.tooLarge()) return "it is larger than 32 KB";
  return std::nullopt;
}

}  // namespace spheregate::hub
