#include "spheregate/ops/file_watch.hpp"

#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <map>
#include <string>
#include <system_error>
#include <utility>

#include "lookouts.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::ops {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

constexpr base::Duration kQuiet = 200ms;
constexpr base::Duration kQuietMax = 1s;
constexpr base::Duration kLookSometimes = 5min;
constexpr base::Duration kLookOften = 2s;
// Of one turn of the loop; what is left makes the descriptor readable again.
constexpr int kReadsMax = 16;
constexpr std::size_t kReadBytes = 16 * 1024;

constexpr std::uint32_t kToIt = IN_DELETE_SELF | IN_MOVE_SELF;
constexpr std::uint32_t kInIt = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ATTRIB;
// Of a file in a directory that may be passed through but not read.
constexpr std::uint32_t kOfAFile = IN_CLOSE_WRITE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF;

}  // namespace

struct FileWatch::Inside : std::enable_shared_from_this<Inside> {
  Inside(boost::asio::io_context& loop, base::Timers& timeKeeper, std::function<void()> callback)
      : timers{timeKeeper}, changed{std::move(callback)}, kernel{loop}, settling{timeKeeper}, looking{timeKeeper} {}

  struct Watch {
    std::uint32_t mask = 0;
    Lookout lookout;
  };

  void open();
  void arm();
  void add(const fs::path& path, std::uint32_t mask, const Lookout& lookout, std::map<int, Watch>& fresh);
  void cannot(const char* what, int problem);
  void await();
  void readSome();
  void take(const char* bytes, std::size_t size);
  void touched();
  void settled();
  void lookLater();

  base::Timers& timers;
  std::function<void()> changed;
  boost::asio::posix::stream_descriptor kernel;
  std::map<int, Watch> watches;  // by the kernel's number
  bool helpless = false;         // the kernel cannot tell
  std::vector<fs::path> places;
  FileStamps seen;
  base::Timer settling;
  base::MonoTime settledAtLatest{};
  base::Timer looking;
};

FileWatch::FileWatch(boost::asio::io_context& loop, base::Timers& timers, std::function<void()> changed)
    : inside_{std::make_shared<Inside>(loop, timers, std::move(changed))} {
  inside_->open();
}

FileWatch::~FileWatch() {
  inside_->changed = nullptr;
  inside_->settling.cancel();
  inside_->looking.cancel();
  boost::system::error_code ignored;
  inside_->kernel.close(ignored);
}

void FileWatch::watch(std::vector<fs::path> places) {
  inside_->places = std::move(places);
  inside_->arm();
  inside_->seen = stampsOf(inside_->places);
  inside_->lookLater();
}

void FileWatch::watch(std::vector<fs::path> places, const FileStamps& asRead) {
  watch(std::move(places));
  if (inside_->seen != asRead) inside_->touched();
}

void FileWatch::Inside::open() {
  const int descriptor = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  if (descriptor < 0) return cannot("inotify_init1", errno);
  kernel.assign(descriptor);
  await();
}

// The error that matters is the limit of the system.
void FileWatch::Inside::cannot(const char* what, int problem) {
  if (std::exchange(helpless, true)) return;
  base::logWarn("files cannot be watched",
                {{"call", what},
                 {"reason", std::system_category().message(problem)},
                 {"consequence", "the gateway looks every two seconds whether they have changed"},
                 {"fix", "raise the sysctls fs.inotify.max_user_instances and fs.inotify.max_user_watches"}});
  lookLater();
}

// Numbers of the kernel that stay are kept, so nothing is missed between the old set and the new.
void FileWatch::Inside::arm() {
  if (helpless) return;
  std::map<int, Watch> fresh;
  for (const auto& [directory, lookout] : lookoutsFor(places)) {
    add(directory, (kToIt | IN_ONLYDIR | (lookout.inside ? kInIt : 0)), lookout, fresh);
  }
  for (const auto& entry : watches) {
    if (!fresh.contains(entry.first)) inotify_rm_watch(kernel.native_handle(), entry.first);
  }
  watches = std::move(fresh);
}

void FileWatch::Inside::add(const fs::path& path, std::uint32_t mask, const Lookout& lookout, std::map<int, Watch>& fresh) {
  const int number = inotify_add_watch(kernel.native_handle(), path.c_str(), mask | IN_EXCL_UNLINK);
  if (number < 0) {
    if (errno == ENOSPC || errno == ENOMEM) return cannot("inotify_add_watch", errno);
    // A directory that may only be passed through, as /etc/ssl/private: the files in it can be looked at all the same.
    if (errno != EACCES || (mask & IN_ONLYDIR) == 0) return;
    for (const std::string& name : lookout.names) add(path / name, kOfAFile, {.inside = true, .everyName = true, .names = {}}, fresh);
    return;
  }
  Watch& watch = fresh[number];
  // One directory by two names, through a bind mount: the kernel keeps what was said last.
  if ((watch.mask & ~mask) != 0) inotify_add_watch(kernel.native_handle(), path.c_str(), watch.mask | mask | IN_EXCL_UNLINK);
  watch.mask |= mask;
  watch.lookout.inside |= lookout.inside;
  watch.lookout.everyName |= lookout.everyName;
  watch.lookout.names.insert(lookout.names.begin(), lookout.names.end());
}

void FileWatch::Inside::await() {
  kernel.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [weak = weak_from_this()](const boost::system::error_code& error) {
                      const auto self = weak.lock();
                      if (!error && self && self->kernel.is_open()) self->readSome();
                    });
}

void FileWatch::Inside::readSome() {
  alignas(inotify_event) std::array<char, kReadBytes> bytes{};
  for (int round = 0; round < kReadsMax; ++round) {
    const ssize_t size = ::read(kernel.native_handle(), bytes.data(), bytes.size());
    if (size <= 0) break;
    take(bytes.data(), static_cast<std::size_t>(size));
  }
  await();
}

void FileWatch::Inside::take(const char* bytes, std::size_t size) {
  bool any = false;
  while (size >= sizeof(inotify_event)) {
    inotify_event event{};
    std::memcpy(&event, bytes, sizeof event);
    if ((event.mask & IN_Q_OVERFLOW) != 0) {
      any = true;  // something was lost, so everything may be other than it was
    } else if (const auto found = watches.find(event.wd); found != watches.end()) {
      const std::string name = event.len > 0 ? std::string{bytes + sizeof event} : std::string{};
      const Lookout& lookout = found->second.lookout;
      any = any || name.empty() || lookout.everyName || lookout.names.contains(name);
    }
    const std::size_t whole = sizeof event + event.len;
    bytes += whole;
    size -= whole;
  }
  if (any) touched();
}

void FileWatch::Inside::touched() {
  const base::MonoTime now = timers.now();
  if (!settling.armed()) settledAtLatest = now + kQuietMax;
  settling.at(std::min(now + kQuiet, settledAtLatest), [this] { settled(); });
}

// The way to the places may have changed with them, so it is walked again first: what happens from here on is a change of its own.
void FileWatch::Inside::settled() {
  arm();
  seen = stampsOf(places);
  if (changed) changed();
}

void FileWatch::Inside::lookLater() {
  looking.after(helpless ? kLookOften : kLookSometimes, [this] {
    lookLater();
    if (stampsOf(places) != seen) touched();
  });
}

}  // namespace spheregate::ops
