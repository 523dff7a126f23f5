#include "spheregate/queue/posix_disk.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <string>
#include <thread>
#include <utility>

#include "posix_read.hpp"

namespace spheregate::queue {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int number) : number_{number} {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(Descriptor&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  Descriptor& operator=(Descriptor&&) = delete;
  int number() const { return number_; }
  explicit operator bool() const { return number_ >= 0; }

 private:
  int number_;
};

class PosixFile final : public DiskFile {
 public:
  explicit PosixFile(Descriptor descriptor) : descriptor_{std::move(descriptor)} {}

  base::Result<void> append(base::ByteView bytes) override {
    while (!bytes.empty()) {
      const ssize_t written = ::write(descriptor_.number(), bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return lastError();
      if (written == 0) return boost::system::error_code{EIO, boost::system::system_category()};
      bytes = bytes.subspan(static_cast<std::size_t>(written));
    }
    return {};
  }

  base::Result<void> sync() override {
    if (::fdatasync(descriptor_.number()) != 0) return lastError();
    return {};
  }

  // After an fdatasync that failed, in an earlier life, the kernel may take the pages for clean although they are not on the disk; so
  // they are dropped, and read from there.
  base::Result<void> settle() override {
    if (const auto synced = sync(); !synced) return synced;
    if (const int failure = ::posix_fadvise(descriptor_.number(), 0, 0, POSIX_FADV_DONTNEED); failure != 0) {
      return boost::system::error_code{failure, boost::system::system_category()};
    }
    return {};
  }

  base::Result<base::Bytes> read(std::uint64_t offset, std::size_t size) override { return readAt(descriptor_.number(), offset, size); }
  base::Result<std::uint64_t> size() override { return sizeOf(descriptor_.number()); }

 private:
  Descriptor descriptor_;
};

class PosixDisk final : public Disk {
 public:
  explicit PosixDisk(Descriptor directory) : directory_{std::move(directory)} {}

  base::Result<std::vector<DiskEntry>> list(std::string_view subdirectory) override {
    Descriptor place{::openat(directory_.number(), subdirectory.empty() ? "." : std::string{subdirectory}.c_str(),
                              O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!place && errno == ENOENT && !subdirectory.empty()) return std::vector<DiskEntry>{};
    if (!place) return lastError();
    DIR* const stream = ::fdopendir(::dup(place.number()));
    if (stream == nullptr) return lastError();
    std::vector<DiskEntry> found;
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
      struct stat facts {};
      const std::string_view name{entry->d_name};
      if (name != "." && name != ".." && ::fstatat(place.number(), entry->d_name, &facts, AT_SYMLINK_NOFOLLOW) == 0) {
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

  base::Result<std::unique_ptr<DiskFile>> create(std::string_view name) override {
    return opened(name, O_RDWR | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC);
  }
  base::Result<std::unique_ptr<DiskFile>> open(std::string_view name) override { return opened(name, O_RDWR | O_APPEND | O_CLOEXEC); }

  base::Result<void> remove(std::string_view name) override {
    if (::unlinkat(directory_.number(), std::string{name}.c_str(), 0) != 0) return lastError();
    return {};
  }

  base::Result<void> setAside(std::string_view name, std::string_view subdirectory) override {
    const std::string folder{subdirectory};
    if (::mkdirat(directory_.number(), folder.c_str(), 0700) != 0 && errno != EEXIST) return lastError();
    const Descriptor place{::openat(directory_.number(), folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
    if (!place) return lastError();
    const std::string file{name};
    if (::renameat(directory_.number(), file.c_str(), place.number(), file.c_str()) != 0) return lastError();
    if (::fsync(place.number()) != 0) return lastError();
    return {};
  }

  base::Result<void> syncDirectory() override {
    if (::fsync(directory_.number()) != 0) return lastError();
    return {};
  }

 private:
  base::Result<std::unique_ptr<DiskFile>> opened(std::string_view name, int flags) {
    Descriptor file{::openat(directory_.number(), std::string{name}.c_str(), flags | O_NOFOLLOW, 0600)};
    if (!file) return lastError();
    return std::unique_ptr<DiskFile>{std::make_unique<PosixFile>(std::move(file))};
  }

  Descriptor directory_;
};

// Who only looks at a stopped store tries the lock for a moment (see store_view.hpp), and must not keep a daemon from starting.
bool locked(const Descriptor& directory) {
  constexpr int kTries = 20;
  constexpr std::chrono::milliseconds kPause{50};
  for (int tries = 1; ::flock(directory.number(), LOCK_EX | LOCK_NB) != 0; ++tries) {
    if (errno != EWOULDBLOCK || tries == kTries) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

}  // namespace

base::Explained<std::unique_ptr<Disk>> openPosixDisk(const std::filesystem::path& directory) {
  using Made = std::unique_ptr<Disk>;
  const auto refuse = [&](const std::string& what, const char* fix) {
    return base::failed<Made>(directory.string() + ": " + what + ": " + std::strerror(errno) + "; " + fix);
  };
  std::error_code ignored;
  std::filesystem::create_directories(directory.parent_path(), ignored);
  if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST) return refuse("cannot make the directory", "check queue.path and its owner");
  Descriptor place{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!place) return refuse("cannot open the directory", "check queue.path and its owner");
  if (!locked(place)) {
    return refuse("the store is in use", "another spheregate runs with this queue.path; stop it or choose another path");
  }
  if (::faccessat(place.number(), ".", W_OK | X_OK, 0) != 0) return refuse("cannot write to the directory", "check its owner and mode");
  return Made{std::make_unique<PosixDisk>(std::move(place))};
}

}  // namespace spheregate::queue
