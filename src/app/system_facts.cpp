#include "system_facts.hpp"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <string_view>

#include "iso_time.hpp"
#include "subprocess.hpp"
#include "text_lines.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLogBytesMax = 4u << 20;
constexpr std::chrono::seconds kPatience{15};

std::string beginningOf(const char* file, std::size_t linesMax) {
  std::ifstream stream{file};
  std::string out;
  std::string text;
  for (std::size_t count = 0; count < linesMax && std::getline(stream, text); ++count) out += text + "\n";
  return out.empty() ? std::string{file} + " cannot be read\n" : out;
}

std::string clockText() {
  timex state{};
  const int answer = ::adjtimex(&state);
  if (answer < 0) return "whether the clock is synchronised cannot be seen here\n";
  const bool synchronised = answer != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  return std::string{"clock "} + (synchronised ? "synchronised" : "NOT synchronised") + ", estimated error " + std::to_string(state.esterror) + " us\n";
}

std::string limitText(const char* name, int resource) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource_t>(resource), &limit) != 0) return {};
  const auto text = [](rlim_t value) { return value == RLIM_INFINITY ? std::string{"unlimited"} : std::to_string(value); };
  return std::string{name} + ": " + text(limit.rlim_cur) + ", at most " + text(limit.rlim_max) + " (of this command, not of the service)\n";
}

std::string spaceText(const fs::path& place) {
  struct statvfs facts {};
  if (::statvfs(place.c_str(), &facts) != 0) return place.string() + ": cannot be looked at\n";
  const auto bytes = [&](fsblkcnt_t blocks) { return bytesText(std::uint64_t{blocks} * facts.f_frsize); };
  return place.string() + ": " + bytes(facts.f_bavail) + " free of " + bytes(facts.f_blocks) + ", " + std::to_string(facts.f_favail) + " of " +
         std::to_string(facts.f_files) + " inodes free" + ((facts.f_flag & ST_RDONLY) != 0 ? ", READ-ONLY" : "") + "\n";
}

}  // namespace

std::string systemFacts(const std::vector<fs::path>& places) {
  std::string out = "time     " + iso8601(std::chrono::system_clock::now()) + "\n";
  utsname kernel{};
  if (::uname(&kernel) == 0) {
    out += std::string{"kernel   "} + kernel.sysname + " " + kernel.release + " " + kernel.version + " " + kernel.machine + "\nhost     " + kernel.nodename + "\n";
  }
  out += "processors " + std::to_string(::sysconf(_SC_NPROCESSORS_ONLN)) + "\nload     " + beginningOf("/proc/loadavg", 1);
  out += "uptime   " + beginningOf("/proc/uptime", 1) + clockText() + limitText("open files", RLIMIT_NOFILE);
  out += "\n# file systems\n";
  for (const fs::path& place : places) out += spaceText(place);
  out += "\n# /etc/os-release\n" + beginningOf("/etc/os-release", 20);
  out += "\n# /proc/meminfo\n" + beginningOf("/proc/meminfo", 20);
  return out;
}

base::Explained<std::string> recentLog() {
  return outputOf({"journalctl", "--unit=spheregate", "--lines=2000", "--no-pager", "--quiet", "--output=short-iso-precise"}, kLogBytesMax, kPatience);
}

// Named one by one: among the others are environment and command lines.
base::Explained<std::string> serviceFacts() {
  return outputOf({"systemctl", "show", "spheregate.service",
                   "--property=LoadState,ActiveState,SubState,Result,UnitFileState,NRestarts,ActiveEnterTimestamp,ExecMainStartTimestamp,ExecMainExitTimestamp,"
                   "ExecMainCode,ExecMainStatus,WatchdogUSec,LimitNOFILE,MemoryCurrent,CPUUsageNSec,User,FragmentPath,DropInPaths,StatusText"},
                  kLogBytesMax, kPatience);
}

}  // namespace spheregate::app
