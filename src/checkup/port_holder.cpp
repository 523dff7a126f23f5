#include "port_holder.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace spheregate::checkup {
namespace {

namespace fs = std::filesystem;

std::set<std::string> listeningSockets(std::uint16_t port) {
  std::set<std::string> sockets;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream lines{table};
    for (std::string line; std::getline(lines, line);) {
      const std::uint64_t inode = listeningInode(line, port);
      if (inode != 0) sockets.insert("socket:[" + std::to_string(inode) + "]");
    }
  }
  return sockets;
}

bool holds(const fs::path& process, const std::set<std::string>& sockets) {
  std::error_code error;
  fs::directory_iterator entries{process / "fd", error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    std::error_code gone;
    if (sockets.count(fs::read_symlink(entries->path(), gone).string()) > 0) return true;
  }
  return false;
}

}  // namespace

std::uint64_t listeningInode(const std::string& line, std::uint16_t port) {
  std::istringstream words{line};
  std::string number, local, remote, state, queues, timer, retransmits, user, timeout;
  std::uint64_t inode = 0;
  words >> number >> local >> remote >> state >> queues >> timer >> retransmits >> user >> timeout >> inode;
  const std::size_t colon = local.rfind(':');
  constexpr const char* listening = "0A";
  if (!words || colon == std::string::npos || state != listening) return 0;
  unsigned found = 0;
  constexpr int hexadecimal = 16;
  std::from_chars(local.data() + colon + 1, local.data() + local.size(), found, hexadecimal);
  return found == port ? inode : 0;
}

PortHolder holderOf(std::uint16_t port) {
  const std::set<std::string> sockets = listeningSockets(port);
  if (sockets.empty()) return {};
  std::error_code error;
  fs::directory_iterator entries{"/proc", error};
  for (; !error && entries != fs::directory_iterator{}; entries.increment(error)) {
    const std::string name = entries->path().filename().string();
    if (!std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isdigit(c) != 0; })) continue;
    if (!holds(entries->path(), sockets)) continue;
    PortHolder holder;
    std::from_chars(name.data(), name.data() + name.size(), holder.pid);
    std::ifstream comm{entries->path() / "comm"};
    std::getline(comm, holder.name);
    return holder;
  }
  return {};
}

}  // namespace spheregate::checkup
