#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace spheregate::base {

// Percent-encoding, RFC 3986 unreserved kept, upper-case hex.
[[nodiscard]] std::string percentEncode(std::string_view text);
// `+` stays a plus. Nothing for a broken escape.
[[nodiscard]] std::optional<std::string> percentDecode(std::string_view text);

}  // namespace spheregate::base
