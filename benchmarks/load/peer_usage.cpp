#include "peer_usage.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace spheregate::load {
namespace {

// The number after `name` in a file of /proc with one `name: number` a line; 0 when it is not there.
std::uint64_t numberIn(const std::filesystem::path& path, const std::string& name) {
  std::ifstream file{path};
  for (std::string line; std::getline(file, line);)
    if (line.starts_with(name)) return std::stoull(line.substr(name.size()));
  return 0;
}

// Fields of /proc/PID/stat from the third on; the second, the name, may hold anything.
std::vector<std::string> statOf(const std::filesystem::path& process) {
  std::ifstream file{process / "stat"};
  std::string line;
  std::getline(file, line);
  std::istringstream fields{line.substr(line.rfind(')') + 1)};
  std::vector<std::string> found;
  for (std::string field; fields >> field;) found.push_back(field);
  return found;
}

constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;

void add(PeerUsage& usage, pid_t process) {
  const std::filesystem::path folder = "/proc/" + std::to_string(process);
  const auto fields = statOf(folder);
  if (fields.size() <= kSystemTicks) throw std::runtime_error{"the peer, process " + std::to_string(process) + ", has ended"};
  usage.cpuSeconds += static_cast<double>(std::stoull(fields[kUserTicks]) + std::stoull(fields[kSystemTicks])) /
                      static_cast<double>(sysconf(_SC_CLK_TCK));
  usage.residentBytes += numberIn(folder / "smaps_rollup", "Pss:") * 1024;
  usage.diskWrittenBytes += numberIn(folder / "io", "write_bytes:");
  std::ifstream children{folder / "task" / std::to_string(process) / "children"};
  for (pid_t child = 0; children >> child;) add(usage, child);
}

}  // namespace

PeerUsage PeerUsage::of(pid_t process) {
  PeerUsage usage;
  usage.at = now();
  if (process != 0) add(usage, process);
  return usage;
}

}  // namespace spheregate::load
