#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>

namespace spheregate::checkup {

struct PortHolder {
  pid_t pid = 0;  // 0: nobody that this user may see
  std::string name;
};

// Who listens at a TCP port, by /proc.
PortHolder holderOf(std::uint16_t port);
// Of a socket's inode, whose line in /proc/net/tcp or tcp6 this is; 0 when it is another port's or does not listen.
std::uint64_t listeningInode(const std::string& line, std::uint16_t port);

}  // namespace spheregate::checkup
