#include "segment_files.hpp"

#include <utility>

#include "segments.hpp"

namespace spheregate::queue {

base::Result<void> SegmentFiles::begin(std::uint32_t number) {
  failed_ = true;
  auto file = disk_.create(segmentName(number));
  if (!file) return file.error();
  active_ = std::move(*file);
  const auto synced = disk_.syncDirectory();
  failed_ = !synced;
  return synced;
}

base::Result<void> SegmentFiles::write(base::ByteView bytes) {
  failed_ = true;
  const auto appended = active_->append(bytes);
  if (!appended) return appended;
  const auto synced = active_->sync();
  failed_ = !synced;
  return synced;
}

base::Result<base::Bytes> SegmentFiles::read(std::uint32_t number, std::uint64_t offset, std::size_t size) {
  auto reader = readers_.find(number);
  if (reader == readers_.end()) {
    auto file = disk_.open(segmentName(number));
    if (!file) return file.error();
    if (readers_.size() >= kReadersMax) readers_.erase(readers_.begin());
    reader = readers_.emplace(number, std::move(*file)).first;
  }
  return reader->second->read(offset, size);
}

base::Result<void> SegmentFiles::remove(std::uint32_t number, bool setAside) {
  if (failed_) return boost::system::errc::make_error_code(boost::system::errc::operation_canceled);
  readers_.erase(number);
  const auto gone = setAside ? disk_.setAside(segmentName(number), "quarantine") : disk_.remove(segmentName(number));
  if (!gone) return gone;
  return disk_.syncDirectory();
}

base::Result<void> SegmentFiles::keep(std::string_view name, std::string_view subdirectory, base::ByteView bytes) {
  {
    auto file = disk_.create(name);
    if (!file) return file.error();
    const auto appended = (*file)->append(bytes);
    if (!appended) return appended;
    const auto synced = (*file)->sync();
    if (!synced) return synced;
  }
  const auto moved = disk_.setAside(name, subdirectory);
  if (!moved) return moved;
  return disk_.syncDirectory();
}

}  // namespace spheregate::queue
