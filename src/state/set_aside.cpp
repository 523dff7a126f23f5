#include "set_aside.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <set>

#include "limits.hpp"

namespace spheregate::state {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLog = "-wal";

// The numbers in use, of files and of logs whose file is gone.
std::set<unsigned> numbers(const fs::path& file) {
  std::set<unsigned> found;
  const std::string prefix = file.filename().string() + ".damaged-";
  std::error_code error;
  for (fs::directory_iterator entry{file.parent_path(), error}, end; !error && entry != end; entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    unsigned number = 0;
    if (name.starts_with(prefix) && std::from_chars(name.data() + prefix.size(), name.data() + name.size(), number).ec == std::errc{}) {
      found.insert(number);
    }
  }
  return found;
}

}  // namespace

std::string setAside(const fs::path& file) {
  const std::string stem = file.string() + ".damaged-";
  std::set<unsigned> taken = numbers(file);
  std::error_code error;
  while (taken.size() >= kDamagedKept) {
    const std::string oldest = stem + std::to_string(*taken.begin());
    fs::remove(oldest, error);
    fs::remove(oldest + kLog, error);
    taken.erase(taken.begin());
  }
  const std::string name = stem + std::to_string(taken.empty() ? 1 : *taken.rbegin() + 1);
  fs::rename(file.string() + kLog, name + kLog, error);
  if (error && error != std::errc::no_such_file_or_directory) return {};
  fs::rename(file, name, error);
  if (error) return {};
  syncDirectory(file.parent_path());
  return name;
}

bool syncDirectory(const fs::path& directory) {
  const int opened = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (opened < 0) return false;
  const bool synced = ::fsync(opened) == 0;
  ::close(opened);
  return synced;
}

}  // namespace spheregate::state
