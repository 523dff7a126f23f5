#include <string>

#include "items.hpp"

namespace spheregate::checkup {

Findings lookAtDaemon(const Subject& subject) {
  Report report{"daemon"};
  const DaemonWord& daemon = subject.daemon;
  if (daemon.silent) {
    report.fail(daemon.problem, {}, "look at its log (`journalctl -u spheregate`), then restart it");
    return report.take();
  }
  if (!daemon.running) {
    report.skip(daemon.problem.empty() ? "not running" : daemon.problem, {}, "start it with `systemctl start spheregate`");
    return report.take();
  }
  if (!daemon.version.empty() && daemon.version != subject.version) {
    report.warn("version " + daemon.version + " runs, " + subject.version + " is installed", {}, "restart it: `systemctl restart spheregate`");
  }
  if (!daemon.restartNeeded.empty()) {
    std::string keys;
    for (const std::string& key : daemon.restartNeeded) keys += (keys.empty() ? "" : ", ") + key;
    report.warn("these keys were changed and are not in effect: " + keys, {}, "restart it: `systemctl restart spheregate`");
  }
  if (!daemon.reloadProblem.empty()) report.failed("what changed last was not taken, the old is in force: " + daemon.reloadProblem, {});
  if (!daemon.ready) report.fail("it runs and serves nobody", {}, "look at its log: `journalctl -u spheregate`");
  if (report.empty()) report.pass("running, version " + (daemon.version.empty() ? std::string{"unknown"} : daemon.version));
  return report.take();
}

Findings lookAtRefusals(const Subject& subject) {
  Report report{"refusals"};
  if (!subject.daemon.running) {
    report.skip("the daemon does not run, so nobody is refused");
    return report.take();
  }
  for (const RefusalCount& one : subject.daemon.refusals) {
    report.warn((one.count == 1 ? "once " : std::to_string(one.count) + " times ") + one.label + ": " + one.reason, "devices", one.fix);
  }
  if (report.empty()) report.pass("nobody was refused lately");
  return report.take();
}

}  // namespace spheregate::checkup
