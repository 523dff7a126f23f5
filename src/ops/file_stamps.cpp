#include "spheregate/ops/file_stamps.hpp"

#include <sys/stat.h>

#include <system_error>

namespace spheregate::ops {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kFilesOfADirectoryMax = 10'000;

std::int64_t nanoseconds(const timespec& time) { return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec; }

void add(const fs::path& file, const struct stat& facts, FileStamps& stamps) {
  stamps[file] = {.device = facts.st_dev,
                  .inode = facts.st_ino,
                  .bytes = facts.st_size,
                  .modifiedNs = nanoseconds(facts.st_mtim),
                  .changedNs = nanoseconds(facts.st_ctim)};
}

void addEntries(const fs::path& directory, FileStamps& stamps) {
  std::error_code error;
  std::size_t seen = 0;
  for (fs::directory_iterator entry{directory, error}; !error && entry != fs::directory_iterator{}; entry.increment(error)) {
    struct stat facts {};
    if (++seen > kFilesOfADirectoryMax) return;
    if (::stat(entry->path().c_str(), &facts) == 0 && S_ISREG(facts.st_mode)) add(entry->path(), facts, stamps);
  }
}

}  // namespace

FileStamps stampsOf(const std::vector<fs::path>& places) {
  FileStamps stamps;
  for (const fs::path& place : places) {
    struct stat facts {};
    if (::stat(place.c_str(), &facts) != 0) continue;
    if (S_ISDIR(facts.st_mode)) {
      addEntries(place, stamps);
    } else {
      add(place, facts, stamps);
    }
  }
  return stamps;
}

std::vector<fs::path> differences(const FileStamps& before, const FileStamps& after) {
  std::vector<fs::path> different;
  for (const auto& [file, stamp] : before) {
    const auto now = after.find(file);
    if (now == after.end() || now->second != stamp) different.push_back(file);
  }
  for (const auto& entry : after) {
    if (!before.contains(entry.first)) different.push_back(entry.first);
  }
  return different;
}

}  // namespace spheregate::ops
