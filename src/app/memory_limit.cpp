#include "memory_limit.hpp"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

// Of version 2, whose line begins with `0::`; `/` in a container that sees nothing above itself.
std::string ownGroup(const fs::path& groupsFile) {
  std::ifstream file{groupsFile};
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::/")) return line.substr(4);
  }
  return {};
}

// `max` and a file that is not there are no limit.
std::uint64_t limitOf(const fs::path& group) {
  std::ifstream file{group / "memory.max"};
  std::uint64_t bytes = 0;
  return file >> bytes ? bytes : kNoLimit;
}

std::uint64_t machine() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long size = sysconf(_SC_PAGESIZE);
  return pages > 0 && size > 0 ? static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(size) : 0;
}

}  // namespace

std::uint64_t memoryLimit(const fs::path& groupsFile, const fs::path& groups) {
  std::uint64_t least = machine() == 0 ? kNoLimit : machine();
  fs::path group = groups;
  least = std::min(least, limitOf(group));
  for (const fs::path& part : fs::path{ownGroup(groupsFile)}) {
    group /= part;
    least = std::min(least, limitOf(group));
  }
  return least == kNoLimit ? 0 : least;
}

}  // namespace spheregate::app
