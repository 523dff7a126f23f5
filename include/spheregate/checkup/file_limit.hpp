#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace spheregate::checkup {

// How many files a process may have open. No limit is the largest number.
struct FileLimit {
  std::uint64_t inEffect = 0;
  std::uint64_t most = 0;  // as far as the process may raise it
};

// From the text of /proc/PID/limits.
std::optional<FileLimit> fileLimitIn(std::string_view limits);
// Nothing when there is no such process, or it is hidden from this one.
std::optional<FileLimit> fileLimitOf(pid_t process);

// What to do where so many files are needed and are not given. The first process of the machine or container hands its limit on to all
// others, so a smaller one there is the one to raise.
std::string fileLimitFix(std::uint64_t needed, const std::optional<FileLimit>& ofTheFirstProcess);

}  // namespace spheregate::checkup
