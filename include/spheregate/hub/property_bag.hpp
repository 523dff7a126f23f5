#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spheregate/base/percent.hpp"

namespace spheregate::hub {

struct Property {
  std::string key;
  std::optional<std::string> value;  // nothing for a key without `=`
  bool operator==(const Property&) const = default;
};

using base::percentDecode;
using base::percentEncode;

// Reads a telemetry suffix (leading `/`, a leading `?` and one trailing `/` tolerated) or a bare bag, in order, duplicates
// kept. Nothing when an escape is broken.
[[nodiscard]] std::optional<std::vector<Property>> parseBag(std::string_view suffix);
[[nodiscard]] std::string formatBag(const std::vector<Property>& properties);

// Whether the least careful of readers may find the key in a suffix: whatever its letter case and escapes, with a value or without, with
// blanks or control characters in it, behind slashes or a question mark. Nothing when an escape of any key or value is broken.
[[nodiscard]] std::optional<bool> mentionsProperty(std::string_view suffix, std::string_view key);

// `suffix` with one more pair appended, valid for any suffix `parseBag` reads.
[[nodiscard]] std::string withProperty(std::string_view suffix, std::string_view key, std::string_view value);

}  // namespace spheregate::hub
