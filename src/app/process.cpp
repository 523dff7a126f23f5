#include "process.hpp"

#include <sys/resource.h>

#include <csignal>

#include "spheregate/base/log.hpp"

namespace spheregate::app {
namespace {

// A device has a connection of its own and a link to the hub; the rest is for the store, the HTTP clients and the system.
constexpr rlim_t kFilesPerDevice = 2;
constexpr rlim_t kOtherFiles = 100;

}  // namespace

void raiseFileLimit(std::size_t connectionsMax) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  const rlim_t needed = kFilesPerDevice * connectionsMax + kOtherFiles;
  if (limit.rlim_cur >= needed) return;
  base::logWarn("too few files for devices.max_connections",
                {{"files_max", limit.rlim_cur},
                 {"files_needed", needed},
                 {"fix", "set LimitNOFILE= in the systemd unit (or ulimit -n), or lower devices.max_connections"}});
}

void ignoreBrokenPipes() { std::signal(SIGPIPE, SIG_IGN); }

}  // namespace spheregate::app
