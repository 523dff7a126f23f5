#pragma once

#include <string_view>

namespace spheregate::mqtt {

// Topic name of a PUBLISH: not empty, no wildcards (§4.7). UTF-8 is checked by the decoder.
[[nodiscard]] bool validTopicName(std::string_view topic);
// Topic filter: `+` alone in its level, `#` alone in the last level (§4.7.1).
[[nodiscard]] bool validTopicFilter(std::string_view filter);
// §4.7; a filter that starts with a wildcard does not match a topic that starts with `$` (§4.7.2).
[[nodiscard]] bool matches(std::string_view filter, std::string_view topic);

}  // namespace spheregate::mqtt
