#include "process.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "spheregate/base/log.hpp"
#include "spheregate/checkup/file_limit.hpp"

namespace spheregate::app {
namespace {

// A device has a connection of its own and a link to the hub; the rest is for the store, the HTTP clients and the system.
constexpr rlim_t kFilesPerDevice = 2;
constexpr rlim_t kOtherFiles = 100;
constexpr pid_t kFirstProcess = 1;

}  // namespace

std::size_t raiseFileLimit(std::size_t connectionsMax) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return connectionsMax;
  const rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) limit.rlim_cur = before;
  const rlim_t needed = kFilesPerDevice * connectionsMax + kOtherFiles;
  if (limit.rlim_cur >= needed) return connectionsMax;
  const rlim_t forDevices = limit.rlim_cur > kOtherFiles ? (limit.rlim_cur - kOtherFiles) / kFilesPerDevice : 0;
  const auto inEffect = static_cast<std::size_t>(std::max<rlim_t>(forDevices, 1));
  base::logWarn("too few files for devices.max_connections",
                {{"files_max", limit.rlim_cur},
                 {"files_needed", needed},
                 {"connections_max", inEffect},
                 {"fix", checkup::fileLimitFix(needed, checkup::fileLimitOf(kFirstProcess))}});
  return inEffect;
}

void ignoreBrokenPipes() { std::signal(SIGPIPE, SIG_IGN); }

void ignoreHangUps() { std::signal(SIGHUP, SIG_IGN); }

}  // namespace spheregate::app
