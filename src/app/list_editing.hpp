#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <string_view>

namespace spheregate::app {

// Asks the running gateway to read its lists again, and says whether and when the change counts.
std::string takeEffect(const std::filesystem::path& socket);

// What to do where the configuration names no such list: the line it needs, and the file that must be there before.
std::string howToHave(const char* key, const char* name, const std::string& configuration);

inline std::string loweredId(std::string_view id) {
  std::string out{id};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace spheregate::app
