#include "spheregate/pki/whole_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string>

namespace spheregate::pki {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int number) : number_{number} {}
  ~Descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int number() const { return number_; }
  bool isOpen() const { return number_ >= 0; }

 private:
  int number_;
};

fs::path folderOf(const fs::path& file) { return file.has_parent_path() ? file.parent_path() : fs::path{"."}; }

std::string fixFor(int error) {
  switch (error) {
    case EACCES:
    case EPERM:
      return "run it as a user who may write there, for example with sudo";
    case EROFS:
      return "the place is read-only for this process; under systemd add it to ReadWritePaths=";
    case ENOSPC:
    case EDQUOT:
      return "free space on that disk";
    default:
      return "check the path and its disk";
  }
}

base::Explained<void> failure(const fs::path& file, const char* deed, int error) {
  return base::failed<void>(file.string() + ": " + deed + " (" + std::strerror(error) + "); " + fixFor(error));
}

bool writeAll(int descriptor, std::string_view content) {
  while (!content.empty()) {
    const ssize_t written = ::write(descriptor, content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    content.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Best effort: only root may give a file to somebody else.
void keepOwner(const fs::path& file, int descriptor) {
  struct stat old {};
  if (::stat(file.c_str(), &old) != 0) return;
  [[maybe_unused]] const int ignored = ::fchown(descriptor, old.st_uid, old.st_gid);
}

}  // namespace

base::Explained<void> writeWhole(const fs::path& file, std::string_view content, mode_t mode) {
  const fs::path draft = folderOf(file) / ("." + file.filename().string() + ".new");
  ::unlink(draft.c_str());  // of an attempt that was cut off
  {
    const Descriptor made{::open(draft.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode)};
    if (!made.isOpen()) return failure(file, "cannot be written", errno);
    keepOwner(file, made.number());
    // After the umask, and after chown, which may take bits away.
    const bool written = ::fchmod(made.number(), mode) == 0 && writeAll(made.number(), content) && ::fsync(made.number()) == 0;
    if (!written) {
      const int error = errno;
      ::unlink(draft.c_str());
      return failure(file, "cannot be written", error);
    }
  }
  if (::rename(draft.c_str(), file.c_str()) != 0) {
    const int error = errno;
    ::unlink(draft.c_str());
    return failure(file, "cannot be put in place", error);
  }
  return syncDirectory(folderOf(file));
}

base::Explained<void> removeFile(const fs::path& file) {
  if (::unlink(file.c_str()) != 0) return failure(file, "cannot be removed", errno);
  return syncDirectory(folderOf(file));
}

base::Explained<void> syncDirectory(const fs::path& directory) {
  const Descriptor opened{::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!opened.isOpen() || ::fsync(opened.number()) != 0) return failure(directory, "cannot be synced", errno);
  return {};
}

}  // namespace spheregate::pki
