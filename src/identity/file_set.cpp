#include "file_set.hpp"

#include <algorithm>
#include <cctype>
#include <string>

namespace spheregate::identity {
namespace {

namespace fs = std::filesystem;

bool isCandidate(const fs::directory_entry& entry, const std::vector<std::string_view>& endings) {
  std::error_code error;
  std::string ending = entry.path().extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return !entry.path().filename().string().starts_with('.') && entry.is_regular_file(error) &&
         std::find(endings.begin(), endings.end(), ending) != endings.end();
}

}  // namespace

base::Explained<std::vector<fs::path>> filesAt(const fs::path& place, const std::vector<std::string_view>& endings) {
  using Files = std::vector<fs::path>;
  std::error_code error;
  if (!fs::exists(place, error)) {
    return base::failed<Files>(place.string() + ": does not exist, or the daemon's user may not look into its directory");
  }
  if (!fs::is_directory(place, error)) return Files{place};
  Files files;
  fs::directory_iterator entries{place, error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    if (isCandidate(*entries, endings)) files.push_back(entries->path());
  }
  if (error) return base::failed<Files>(place.string() + ": cannot be listed (" + error.message() + "); check its permissions");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace spheregate::identity
