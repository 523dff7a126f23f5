#include "daemon_user.hpp"

#include <grp.h>
#include <pwd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

namespace spheregate::checkup {
namespace {

constexpr const char* kServiceUser = "spheregate";
constexpr std::size_t kGroupsMax = 256;

DaemonUser fromEntry(const passwd& entry) {
  std::array<gid_t, kGroupsMax> groups{};
  int count = static_cast<int>(groups.size());
  if (getgrouplist(entry.pw_name, entry.pw_gid, groups.data(), &count) < 0) count = 0;
  return {.uid = entry.pw_uid,
          .gid = entry.pw_gid,
          .groups = {groups.begin(), groups.begin() + count},
          .name = entry.pw_name,
          .isUs = entry.pw_uid == geteuid(),
          .guessed = false};
}

DaemonUser ourselves(bool guessed) {
  DaemonUser us;
  us.uid = geteuid();
  us.gid = getegid();
  const passwd* entry = getpwuid(us.uid);
  us.name = entry ? entry->pw_name : std::to_string(us.uid);
  us.guessed = guessed;
  return us;
}

}  // namespace

DaemonUser daemonUser(const DaemonWord& daemon) {
  const passwd* service = daemon.user ? getpwuid(*daemon.user) : getpwnam(kServiceUser);
  if (!service) return ourselves(daemon.user && *daemon.user != geteuid());
  DaemonUser user = fromEntry(*service);
  if (user.isUs || geteuid() == 0) return user;
  return ourselves(true);
}

// glibc's functions change every thread of the process; the system calls change one.
bool become(const DaemonUser& user) {
  if (user.isUs) return true;
  constexpr long keep = -1;
  return syscall(SYS_setgroups, user.groups.size(), user.groups.data()) == 0 && syscall(SYS_setresgid, keep, user.gid, keep) == 0 &&
         syscall(SYS_setresuid, keep, user.uid, keep) == 0;
}

}  // namespace spheregate::checkup
