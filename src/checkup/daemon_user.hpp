#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "spheregate/checkup/subject.hpp"

namespace spheregate::checkup {

// As whom the daemon opens its files: the running one's user; else, when root asks, the package's user where there is one; else who asks.
struct DaemonUser {
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;
  std::string name;
  bool isUs = true;      // nothing has to be taken on
  bool guessed = false;  // who asks is not the daemon's user, and may not become it: what cannot be read may be readable for the daemon
};

DaemonUser daemonUser(const DaemonWord& daemon);
// This thread alone sees files as that user does from now on. For a thread that ends soon. Only root may.
bool become(const DaemonUser& user);

}  // namespace spheregate::checkup
