#include <sys/resource.h>

#include <string>

#include "items.hpp"

namespace spheregate::checkup {
namespace {

// As the daemon reckons when it starts: a device has a connection of its own and a link to the hub.
constexpr rlim_t kFilesPerDevice = 2;
constexpr rlim_t kOtherFiles = 100;

}  // namespace

Findings lookAtLimits(const Subject& subject) {
  Report report{"limits"};
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) {
    report.skip("the limit of open files cannot be read");
    return report.take();
  }
  const rlim_t needed = kFilesPerDevice * subject.config.listener.connectionsMax + kOtherFiles;
  const std::string what = "devices.max_connections " + std::to_string(subject.config.listener.connectionsMax) + " needs " + std::to_string(needed) +
                           " open files, this shell may have " + std::to_string(files.rlim_max);
  // The unit sets its own limit, so a shell's says little about the service.
  if (files.rlim_max != RLIM_INFINITY && files.rlim_max < needed) {
    report.skip(what, {}, "under systemd LimitNOFILE= of the unit counts; where the daemon is started from a shell, raise `ulimit -n`");
  } else {
    report.pass(what);
  }
  return report.take();
}

}  // namespace spheregate::checkup
