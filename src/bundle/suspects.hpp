#pragma once

#include <string>
#include <string_view>

namespace spheregate::bundle {

inline constexpr std::string_view kRedacted = "[redacted]";

// The text without what looks like a secret, whosever it is.
std::string withoutSuspects(std::string_view text);

}  // namespace spheregate::bundle
