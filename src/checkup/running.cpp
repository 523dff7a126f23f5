#include <string>

#include "items.hpp"
#include "spheregate/checkup/as_device.hpp"

namespace spheregate::checkup {
namespace {

std::string times(std::uint64_t count) { return count == 1 ? "once" : std::to_string(count) + " times"; }

std::string named(const std::vector<std::string>& who) {
  constexpr std::size_t kNamedMax = 3;
  if (who.empty()) return "devices";
  std::string text = who.size() == 1 ? "device " : "devices ";
  for (std::size_t at = 0; at < who.size() && at < kNamedMax; ++at) text += (at == 0 ? "" : ", ") + who[at];
  return who.size() > kNamedMax ? text + " and " + std::to_string(who.size() - kNamedMax) + " more" : text;
}

}  // namespace

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
    report.warn(times(one.count) + " " + one.label + ": " + one.reason, named(one.who), one.fix);
  }
  const std::uint64_t own = subject.daemon.knocksOfChecks;
  const std::string but = own == 0 ? "" : " but " + std::string{kThrowAwayName} + ", the name in the certificate of `check --as-device`, " + times(own);
  if (report.empty()) report.pass("nobody was refused lately" + but);
  return report.take();
}

}  // namespace spheregate::checkup
