#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <string>
#include <string_view>

namespace spheregate::app {

// Asks the running gateway to read its files again, and says whether and when the change counts: on stdout, or on stderr with
// --json. Returns the exit code: a gateway that runs and did not take it is a failure, because whoever was put on a list is still
// let in.
int takeEffect(const std::filesystem::path& socket, bool asJson = false);

// What to do where the configuration names no such list: the line it needs, and the file that must be there before.
std::string howToHave(const char* key, const char* name, const std::string& configuration);

inline std::string loweredId(std::string_view id) {
  std::string out{id};
  std::transform(out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

}  // namespace spheregate::app
