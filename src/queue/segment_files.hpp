#pragma once

#include <cstdint>
#include <map>
#include <memory>

#include "spheregate/queue/disk.hpp"

namespace spheregate::queue {

// The segment files, as the jobs of the DiskRunner see them; used by one job at a time.
class SegmentFiles {
 public:
  explicit SegmentFiles(Disk& disk) : disk_{disk} {}

  // A new file whose name is on stable storage.
  base::Result<void> begin(std::uint32_t number);
  // Appends to the file begun last, and syncs it.
  base::Result<void> write(base::ByteView bytes);
  base::Result<base::Bytes> read(std::uint32_t number, std::uint64_t offset, std::size_t size);
  // Gone, or in quarantine, also after a power failure.
  base::Result<void> remove(std::uint32_t number, bool setAside);
  // A file with these bytes in a subdirectory, also after a power failure.
  base::Result<void> keep(std::string_view name, std::string_view subdirectory, base::ByteView bytes);

 private:
  static constexpr std::size_t kReadersMax = 8;

  Disk& disk_;
  bool failed_ = false;  // a write failed, so nothing that it was to replace may be removed
  std::unique_ptr<DiskFile> active_;
  std::map<std::uint32_t, std::unique_ptr<DiskFile>> readers_;
};

}  // namespace spheregate::queue
