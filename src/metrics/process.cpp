#include "process.hpp"

#include <sys/resource.h>
#include <unistd.h>

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

double bootTime() {
  std::ifstream file{"/proc/stat"};
  for (std::string word; file >> word;) {
    double value = 0;
    if (word == "btime" && file >> value) return value;
  }
  return 0;
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
