#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <vector>

namespace spheregate::ops {

// What the file system says of a file without reading it: another content has another stamp.
struct FileStamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t bytes = 0;
  std::int64_t modifiedNs = 0;
  std::int64_t changedNs = 0;  // also moves with owner and permissions
  bool operator==(const FileStamp&) const = default;
};

using FileStamps = std::map<std::filesystem::path, FileStamp>;

// Of these files, and of the files in these directories; links are followed. What is not there has none. Of a directory at most
// 10,000 files are looked at.
FileStamps stampsOf(const std::vector<std::filesystem::path>& places);

// The files that came, went, or are others than before.
std::vector<std::filesystem::path> differences(const FileStamps& before, const FileStamps& after);

}  // namespace spheregate::ops
