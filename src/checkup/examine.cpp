#include "spheregate/checkup/examine.hpp"

#include <chrono>
#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "daemon_user.hpp"
#include "items.hpp"

namespace spheregate::checkup {
namespace {

using std::chrono::seconds;

constexpr seconds kPatience{5};
// It goes through four steps, each of which may wait.
constexpr seconds kHubPatience{20};

struct Part {
  const char* item;
  seconds patience;
  bool asDaemon;  // it opens the daemon's files
  std::function<Findings(const Subject&, const DaemonUser&)> look;
};

template <auto look>
Findings alone(const Subject& subject, const DaemonUser&) {
  return look(subject);
}

const std::vector<Part>& parts() {
  static const std::vector<Part> all{
      {"files", kPatience, true, lookAtFiles},
      {"server certificate", kPatience, true, lookAtServerCertificate},
      {"tenant ca", kPatience, true, alone<lookAtTenantCas>},
      {"device lists", kPatience, true, alone<lookAtLists>},
      {"revocation", kPatience, true, alone<lookAtRevocation>},
      {"clock", kPatience, false, alone<lookAtClock>},
      {"own name", kPatience, false, alone<lookAtOwnName>},
      {"port", kPatience, false, alone<lookAtPort>},
      {"disk", kPatience, true, lookAtDisk},
      {"store", kPatience, true, lookAtStore},
      {"limits", kPatience, false, alone<lookAtLimits>},
      {"hub", kHubPatience, false, alone<lookAtHub>},
      {"daemon", kPatience, false, alone<lookAtDaemon>},
      {"refusals", kPatience, false, alone<lookAtRefusals>},
  };
  return all;
}

// What the threads share with who waits for them, and outlives both.
struct Desk {
  std::mutex mutex;
  std::condition_variable changed;
  std::vector<Findings> found{parts().size()};
  std::vector<bool> ended = std::vector<bool>(parts().size());
};

Findings lookAt(const Part& part, const Subject& subject, const DaemonUser& user) {
  Report report{part.item};
  if (part.asDaemon && !become(user)) {
    report.skip("this process may not look at files as the user " + user.name);
    return report.take();
  }
  try {
    return part.look(subject, user);
  } catch (const std::exception& error) {
    report.fail(std::string{"could not be looked at: "} + error.what(), {}, "run the check again; if it stays, report it");
    return report.take();
  }
}

Findings tooSlow(const Part& part) {
  Report report{part.item};
  report.fail("no answer within " + std::to_string(part.patience.count()) + " s", {},
              "look at what this item waits for: a name server, a network file system, a disk that fails");
  return report.take();
}

}  // namespace

Findings examineFiles(const Subject& subject) {
  const Part& files = parts().front();
  const DaemonUser user = daemonUser(subject.daemon);
  Findings found;
  // It becomes the daemon's user, and may not become root again.
  std::thread{[&] { found = lookAt(files, subject, user); }}.join();
  return found;
}

Examined examine(std::shared_ptr<const Subject> subject) {
  const auto user = std::make_shared<const DaemonUser>(daemonUser(subject->daemon));
  const auto desk = std::make_shared<Desk>();
  const auto begin = std::chrono::steady_clock::now();
  for (std::size_t index = 0; index < parts().size(); ++index) {
    std::thread{[subject, user, desk, index] {
      Findings found = lookAt(parts()[index], *subject, *user);
      const std::lock_guard lock{desk->mutex};
      desk->found[index] = std::move(found);
      desk->ended[index] = true;
      desk->changed.notify_all();
    }}.detach();
  }
  Examined examined;
  std::unique_lock lock{desk->mutex};
  for (std::size_t index = 0; index < parts().size(); ++index) {
    const Part& part = parts()[index];
    const bool inTime = desk->changed.wait_until(lock, begin + part.patience, [&] { return desk->ended[index]; });
    examined.unfinished = examined.unfinished || !inTime;
    for (Finding& finding : inTime ? desk->found[index] : tooSlow(part)) examined.findings.push_back(std::move(finding));
  }
  return examined;
}

}  // namespace spheregate::checkup
