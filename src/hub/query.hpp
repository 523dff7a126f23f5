#pragma once

#include <string_view>

namespace spheregate::hub {

// Takes the next `&`-separated item off `rest`, without judging it. Nothing is left of `rest` after the last one.
inline std::string_view takeItem(std::string_view& rest) {
  const std::size_t end = rest.find('&');
  const std::string_view item = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return item;
}

struct Item {
  std::string_view key;
  std::string_view value;
  bool hasValue = false;
};

inline Item splitItem(std::string_view item) {
  const std::size_t equals = item.find('=');
  if (equals == std::string_view::npos) return {item, {}, false};
  return {item.substr(0, equals), item.substr(equals + 1), true};
}

}  // namespace spheregate::hub
