#pragma once

#include <algorithm>
#include <string_view>

namespace spheregate::hubsim {

// The value of `$rid` in a query, as it came, because it goes back so; empty when there is none.
inline std::string_view ridOf(std::string_view query) {
  constexpr std::string_view kRid = "$rid=";
  while (!query.empty()) {
    const std::string_view item = query.substr(0, query.find('&'));
    if (item.starts_with(kRid)) return item.substr(kRid.size());
    query.remove_prefix(std::min(item.size() + 1, query.size()));
  }
  return {};
}

}  // namespace spheregate::hubsim
