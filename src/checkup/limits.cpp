#include <unistd.h>

#include <string>

#include "items.hpp"
#include "spheregate/checkup/file_limit.hpp"

namespace spheregate::checkup {
namespace {

// As the daemon reckons when it starts: a device has a connection of its own and a link to the hub.
constexpr std::uint64_t kFilesPerDevice = 2;
constexpr std::uint64_t kOtherFiles = 100;
constexpr pid_t kFirstProcess = 1;

}  // namespace

Findings lookAtLimits(const Subject& subject) {
  Report report{"limits"};
  const auto& ofDaemon = subject.daemon.files;
  const auto files = ofDaemon ? ofDaemon : fileLimitOf(getpid());
  if (!files) {
    report.skip("the limit of open files cannot be read");
    return report.take();
  }
  const std::size_t connections = subject.config.listener.connectionsMax;
  const std::uint64_t needed = kFilesPerDevice * connections + kOtherFiles;
  // The daemon has raised its own as far as it may.
  const std::uint64_t most = ofDaemon ? files->inEffect : files->most;
  const std::string what = "devices.max_connections " + std::to_string(connections) + " needs " + std::to_string(needed) + " open files, " +
                           (ofDaemon ? "the running daemon" : "this shell") + " may have " + std::to_string(most);
  if (most >= needed) {
    report.pass(what);
  } else if (ofDaemon) {
    report.warn(what + ", so it takes fewer devices", {}, fileLimitFix(needed, fileLimitOf(kFirstProcess)));
  } else {
    // The unit sets its own limit, so a shell's says little about the service.
    report.skip(what, {}, "under systemd LimitNOFILE= of the unit counts; where the daemon is started from a shell, raise `ulimit -n`");
  }
  return report.take();
}

}  // namespace spheregate::checkup
