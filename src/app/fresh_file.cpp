#include "fresh_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace spheregate::app {
namespace {

constexpr std::size_t kWriteBytes = 64 * 1024;

}  // namespace

base::Explained<FreshFile> FreshFile::make(const std::string& path) {
  if (path == "-") return FreshFile{path, STDOUT_FILENO};
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (descriptor >= 0) return FreshFile{path, descriptor};
  if (errno == EEXIST) return base::failed<FreshFile>(path + ": there is something already, and nothing is overwritten; name another file");
  return base::failed<FreshFile>(path + ": cannot be made: " + std::strerror(errno) + "; name a file in a directory that you may write to");
}

FreshFile::FreshFile(FreshFile&& other) noexcept
    : path_{std::move(other.path_)}, descriptor_{std::exchange(other.descriptor_, -1)}, waiting_{std::move(other.waiting_)} {}

FreshFile::~FreshFile() {
  if (descriptor_ < 0 || descriptor_ == STDOUT_FILENO) return;
  ::close(descriptor_);
  ::unlink(path_.c_str());
}

base::Explained<void> FreshFile::write(std::string_view bytes) {
  waiting_ += bytes;
  return waiting_.size() < kWriteBytes ? base::Explained<void>{} : flush();
}

base::Explained<void> FreshFile::flush() {
  for (std::string_view rest = waiting_; !rest.empty();) {
    const ssize_t written = ::write(descriptor_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return base::failed<void>(path_ + ": cannot be written: " + std::strerror(errno) + "; nothing is left of it");
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  waiting_.clear();
  return {};
}

base::Explained<void> FreshFile::finish() {
  if (const auto flushed = flush(); !flushed) return flushed;
  if (descriptor_ == STDOUT_FILENO) return {};
  const int descriptor = std::exchange(descriptor_, -1);
  const bool synced = ::fsync(descriptor) == 0 || errno == EINVAL || errno == EROFS;
  const int problem = errno;
  ::close(descriptor);
  if (synced) return {};
  ::unlink(path_.c_str());
  return base::failed<void>(path_ + ": cannot be brought to the disk: " + std::strerror(problem) + "; nothing is left of it");
}

}  // namespace spheregate::app
