#include "read_only_disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "posix_read.hpp"

namespace spheregate::queue {
namespace {

namespace fs = std::filesystem;

boost::system::error_code readOnly() { return boost::system::errc::make_error_code(boost::system::errc::read_only_file_system); }

class ReadOnlyFile final : public DiskFile {
 public:
  explicit ReadOnlyFile(int descriptor) : descriptor_{descriptor} {}
  ~ReadOnlyFile() override { ::close(descriptor_); }
  ReadOnlyFile(const ReadOnlyFile&) = delete;
  ReadOnlyFile& operator=(const ReadOnlyFile&) = delete;

  base::Result<void> append(base::ByteView) override { return readOnly(); }
  base::Result<void> sync() override { return readOnly(); }
  // What is not on stable storage yet is looked at as it is.
  base::Result<void> settle() override { return {}; }

  base::Result<base::Bytes> read(std::uint64_t offset, std::size_t size) override { return readAt(descriptor_, offset, size); }
  base::Result<std::uint64_t> size() override { return sizeOf(descriptor_); }

 private:
  int descriptor_;
};

class ReadOnlyDisk final : public Disk {
 public:
  explicit ReadOnlyDisk(fs::path directory) : directory_{std::move(directory)} {}

  base::Result<std::vector<DiskEntry>> list(std::string_view subdirectory) override {
    DIR* const stream = ::opendir((directory_ / subdirectory).c_str());
    if (stream == nullptr && errno == ENOENT && !subdirectory.empty()) return std::vector<DiskEntry>{};
    if (stream == nullptr) return lastError();
    std::vector<DiskEntry> found;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
      struct stat facts {};
      const std::string_view name{entry->d_name};
      if (name != "." && name != ".." && ::fstatat(::dirfd(stream), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0) {
        const bool regular = S_ISREG(facts.st_mode);
        found.push_back({entry->d_name, regular ? static_cast<std::uint64_t>(facts.st_size) : 0, regular});
      }
      errno = 0;
    }
    const boost::system::error_code failure = errno != 0 ? lastError() : boost::system::error_code{};
    ::closedir(stream);
    if (failure) return failure;
    return found;
  }

  base::Result<std::unique_ptr<DiskFile>> create(std::string_view) override { return readOnly(); }
  base::Result<std::unique_ptr<DiskFile>> open(std::string_view name) override {
    const int file = ::open((directory_ / name).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0) return lastError();
    return std::unique_ptr<DiskFile>{std::make_unique<ReadOnlyFile>(file)};
  }
  base::Result<void> remove(std::string_view) override { return {}; }
  base::Result<void> setAside(std::string_view, std::string_view) override { return {}; }
  base::Result<void> syncDirectory() override { return {}; }

 private:
  fs::path directory_;
};

}  // namespace

base::Explained<std::unique_ptr<Disk>> openReadOnlyDisk(const fs::path& directory) {
  using Made = std::unique_ptr<Disk>;
  const int place = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (place < 0) {
    const char* fix = errno == ENOENT ? "no gateway has made a store there yet, or queue.path is another; see `spheregate config show`"
                                      : "run this as root or as the gateway's user";
    return base::failed<Made>(directory.string() + ": cannot open the store: " + std::strerror(errno) + "; " + fix);
  }
  ::close(place);
  return Made{std::make_unique<ReadOnlyDisk>(directory)};
}

// A daemon holds the exclusive lock as long as it runs. Taking a shared one for a moment tells, and disturbs nobody: a daemon that starts
// in this moment tries again.
base::Explained<bool> storeIsHeld(const fs::path& directory) {
  const int place = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (place < 0) return base::failed<bool>(directory.string() + ": cannot look at the store: " + std::strerror(errno));
  const bool free = ::flock(place, LOCK_SH | LOCK_NB) == 0;
  const int problem = errno;
  ::close(place);
  if (free) return false;
  if (problem == EWOULDBLOCK) return true;
  return base::failed<bool>(directory.string() + ": cannot find out whether the store is in use: " + std::strerror(problem));
}

}  // namespace spheregate::queue
