#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string>

#include "items.hpp"

namespace spheregate::checkup {
namespace {

namespace fs = std::filesystem;
using std::chrono::microseconds;

// What devices wait for at every PUBACK while the hub is away.
constexpr microseconds kSlowSync = std::chrono::milliseconds{500};
constexpr unsigned kOwnerOnly = 0600;

// The numbers of linux/magic.h, as unsigned because some are above INT_MAX.
enum : unsigned { kTmpfs = 0x01021994, kRamfs = 0x858458f6, kNfs = 0x6969, kCifs = 0xff534d42, kSmb2 = 0xfe534d42, kSmb = 0x517b };

// The directory itself, or the nearest one above it that exists and in which it would be made.
fs::path nearest(fs::path path) {
  std::error_code error;
  while (!fs::exists(path, error) && path.has_parent_path() && path != path.parent_path()) path = path.parent_path();
  return path;
}

std::string sizeText(std::uint64_t bytes) {
  constexpr std::uint64_t kMiB = 1u << 20;
  constexpr std::uint64_t kGiB = 1u << 30;
  return bytes >= 10 * kGiB ? std::to_string(bytes / kGiB) + " GiB" : std::to_string(bytes / kMiB) + " MiB";
}

void lookAtKind(const fs::path& there, const std::string& where, Report& report) {
  struct statfs facts{};
  if (::statfs(there.c_str(), &facts) != 0) return;
  const auto kind = static_cast<unsigned>(facts.f_type);
  if (kind == kTmpfs || kind == kRamfs) {
    report.fail("is in memory (tmpfs): what is promised to devices would be gone after a power failure", where,
                "set queue.path to a directory on a disk");
  } else if (kind == kNfs || kind == kCifs || kind == kSmb2 || kind == kSmb) {
    report.warn("is on a network file system: what fdatasync promises there depends on the server, and a network that is away stops everything",
                where, "set queue.path to a directory on a local disk");
  }
}

std::uint64_t usedBytes(const fs::path& directory) {
  std::uint64_t sum = 0;
  std::error_code error;
  fs::directory_iterator entries{directory, error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    std::error_code gone;
    if (entries->is_regular_file(gone)) sum += entries->file_size(gone);
  }
  return sum;
}

void lookAtRoom(const fs::path& there, const Subject& subject, const std::string& where, Report& report) {
  struct statvfs facts{};
  if (::statvfs(there.c_str(), &facts) != 0) return;
  if ((facts.f_flag & ST_RDONLY) != 0) {
    report.fail("is on a file system that is mounted read-only", where, "remount it, after `dmesg` was looked at: a failing disk is mounted so");
    return;
  }
  const std::uint64_t free = static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize;
  const std::uint64_t wanted = subject.config.queue.bytesMax - std::min(subject.config.queue.bytesMax, usedBytes(subject.config.queue.path));
  if (free >= wanted) return;
  report.warn("the disk has " + sizeText(free) + " free, and the queue may grow by " + sizeText(wanted) + " (queue.max_bytes): it will be full first",
              where, "free some space, or lower queue.max_bytes to what is there");
}

struct Sync {
  int error = 0;
  std::string step;
  microseconds took{0};
};

Sync trySync(const fs::path& directory) {
  const std::string name = (directory / (".checkup-" + std::to_string(getpid()))).string();
  const int file = ::open(name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, kOwnerOnly);
  if (file < 0) return {.error = errno, .step = "make a file in it"};
  Sync sync;
  const auto begin = std::chrono::steady_clock::now();
  const std::string block(4096, 'x');
  if (::write(file, block.data(), block.size()) != static_cast<ssize_t>(block.size())) {
    sync = {.error = errno, .step = "write to it"};
  } else if (::fdatasync(file) != 0) {
    sync = {.error = errno, .step = "bring a write to stable storage (fdatasync)"};
  }
  sync.took = std::chrono::duration_cast<microseconds>(std::chrono::steady_clock::now() - begin);
  ::close(file);
  ::unlink(name.c_str());
  return sync;
}

void lookAtWriting(const fs::path& there, const Subject& subject, const DaemonUser& user, const std::string& where, Report& report) {
  if (!fs::is_directory(there)) {
    report.fail("`" + there.string() + "` is not a directory", where, "set queue.path to a directory");
    return;
  }
  const Sync sync = trySync(there);
  if (sync.error == EACCES && user.guessed) return report.skip("cannot be written to as the user " + user.name, where, "run the check as root");
  if (sync.error != 0) {
    const bool exists = there == subject.config.queue.path;
    report.fail("the user " + user.name + " cannot " + sync.step + (exists ? "" : " (it does not exist yet, this is about " + there.string() + ")") +
                    ": " + std::strerror(sync.error),
                where, "make the directory and `chown " + user.name + "` it, or set queue.path to one that the user can write to");
  } else if (sync.took > kSlowSync) {
    report.warn("bringing 4 KiB to stable storage takes " + std::to_string(sync.took.count() / 1000) + " ms", where,
                "use a faster disk: while the hub is away every PUBACK waits for it");
  } else if (report.empty()) {
    struct statvfs facts{};
    const bool known = ::statvfs(there.c_str(), &facts) == 0;
    report.pass("can be written to; " + (known ? sizeText(static_cast<std::uint64_t>(facts.f_bavail) * facts.f_frsize) + " free; " : std::string{}) +
                    "a sync took " + std::to_string(sync.took.count()) + " µs",
                where);
  }
}

}  // namespace

Findings lookAtDisk(const Subject& subject, const DaemonUser& user) {
  Report report{"disk"};
  const std::string where = subject.config.queue.path.string() + " (queue.path)";
  const fs::path there = nearest(subject.config.queue.path);
  lookAtKind(there, where, report);
  lookAtRoom(there, subject, where, report);
  lookAtWriting(there, subject, user, where, report);
  return report.take();
}

}  // namespace spheregate::checkup
