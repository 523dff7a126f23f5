#include <cstddef>
#include <filesystem>
#include <string>

#include "items.hpp"

namespace spheregate::checkup {
namespace {

namespace fs = std::filesystem;

std::size_t entriesOf(const fs::path& directory, const std::string& prefix) {
  std::size_t count = 0;
  std::error_code error;
  fs::directory_iterator entries{directory, error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    if (entries->path().filename().string().starts_with(prefix)) ++count;
  }
  return count;
}

}  // namespace

Findings lookAtStore(const Subject& subject, const DaemonUser& user) {
  Report report{"store"};
  const fs::path& path = subject.config.queue.path;
  std::error_code error;
  const bool there = fs::exists(path, error);
  bool unseen = error == std::errc::permission_denied;  // a directory above it lets nobody through
  fs::directory_iterator first{path, error};
  unseen = unseen || (there && error && (user.guessed || error == std::errc::permission_denied));
  const std::size_t damaged = entriesOf(path / "quarantine", "");
  const std::size_t letters = entriesOf(path / "dead-letters", "");
  const std::size_t setAside = entriesOf(path / "state", "state.db.damaged");
  if (!subject.daemon.closed.empty()) {
    report.failed("the store takes nothing: " + subject.daemon.closed, path.string());
  }
  if (damaged > 0) {
    report.warn(std::to_string(damaged) + " damaged segments were set aside", (path / "quarantine").string(),
                "check the disk; keep them for whoever wants to look, then remove them");
  }
  if (letters > 0) {
    report.warn(std::to_string(letters) + " messages could not be delivered and were put aside as dead letters", (path / "dead-letters").string(),
                "the first line of each says why; remove them when they have been looked at");
  }
  if (setAside > 0) {
    report.warn("a damaged state.db was set aside, and a new one begun", (path / "state").string(),
                "check the disk; remove the damaged file when nobody needs it");
  }
  if (!subject.daemon.stateFault.empty()) report.failed("twins and sessions are not kept: " + subject.daemon.stateFault, (path / "state").string());
  if (unseen) {
    report.skip("cannot be looked into as the user " + user.name + ": " + error.message(), path.string(),
                "run the check as root or as the daemon's user");
  } else if (report.empty()) {
    report.pass(there ? "nothing was set aside" : "it does not exist yet, the daemon will make it", path.string());
  }
  return report.take();
}

}  // namespace spheregate::checkup
