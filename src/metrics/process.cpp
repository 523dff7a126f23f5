#include "process.hpp"

#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace spheregate::metrics {
namespace {

// Fields of /proc/self/stat after the command's closing parenthesis, counted as in proc(5): 3 is the state.
std::vector<std::string> statFields() {
  std::ifstream file{"/proc/self/stat"};
  std::string line;
  std::getline(file, line);
  const auto end = line.rfind(')');
  if (end == std::string::npos) return {};
  std::istringstream rest{line.substr(end + 1)};
  std::vector<std::string> fields{"", "", ""};
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

double secondsOf(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

// By the calendar as it is now: a machine that begins in 1970 and is set later has not been restarted. The two clocks are not read at one
// moment, so what differs by less than a second is the same: somebody counts the changes. /proc/stat may be hidden from a service.
double bootTime() {
  static std::atomic<double> told{0};
  const double found = secondsOf(CLOCK_REALTIME) - secondsOf(CLOCK_BOOTTIME);
  if (std::abs(found - told.load(std::memory_order_relaxed)) > 1) told.store(found, std::memory_order_relaxed);
  return told.load(std::memory_order_relaxed);
}

double openFiles() {
  std::error_code error;
  double count = 0;
  for (std::filesystem::directory_iterator it{"/proc/self/fd", error}, end; !error && it != end; it.increment(error)) ++count;
  return count;
}

}  // namespace

std::vector<ProcessFact> processFacts() {
  std::vector<ProcessFact> facts;
  const std::vector<std::string> fields = statFields();
  if (fields.size() > 24) {
    const auto number = [&](std::size_t index) { return std::stod(fields[index]); };
    const double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    facts.push_back({"process_cpu_seconds_total", "User and system CPU time spent, in seconds.", true, (number(14) + number(15)) / ticks});
    facts.push_back({"process_start_time_seconds", "Start of the process, in seconds since 1970.", false, bootTime() + number(22) / ticks});
    facts.push_back({"process_virtual_memory_bytes", "Virtual memory in bytes.", false, number(23)});
    facts.push_back({"process_resident_memory_bytes", "Resident memory in bytes.", false,
                     number(24) * static_cast<double>(sysconf(_SC_PAGESIZE))});
  }
  facts.push_back({"process_open_fds", "Open file descriptors.", false, openFiles()});
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    facts.push_back({"process_max_fds", "Limit of open file descriptors.", false, static_cast<double>(limit.rlim_cur)});
  }
  return facts;
}

}  // namespace spheregate::metrics
