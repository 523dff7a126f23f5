#include "spheregate/queue/format.hpp"

#include <fstream>
#include <system_error>

#include "record.hpp"
#include "segments.hpp"

namespace spheregate::queue {
namespace {

namespace fs = std::filesystem;

base::Bytes headerOf(const fs::path& file) {
  base::Bytes bytes(kSegmentHeaderBytes);
  std::ifstream stream{file, std::ios::binary};
  stream.read(reinterpret_cast<char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<std::size_t>(stream.gcount()));
  return bytes;
}

}  // namespace

std::optional<NewerSegment> newerSegment(const fs::path& directory) {
  std::optional<NewerSegment> newest;
  std::error_code error;
  for (fs::directory_iterator entry{directory, error}, end; !error && entry != end; entry.increment(error)) {
    std::error_code unknown;
    if (segmentNumber(entry->path().filename().string()) == 0 || !fs::is_regular_file(entry->symlink_status(unknown))) continue;
    const auto version = segmentVersion(headerOf(entry->path()));
    if (version && *version > kFormatVersion && (!newest || *version > newest->version)) newest = {entry->path(), *version};
  }
  return newest;
}

}  // namespace spheregate::queue
