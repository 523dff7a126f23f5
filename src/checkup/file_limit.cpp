#include "spheregate/checkup/file_limit.hpp"

#include <charconv>
#include <fstream>
#include <limits>
#include <sstream>

namespace spheregate::checkup {
namespace {

std::optional<std::uint64_t> limitOf(const std::string& word) {
  if (word == "unlimited") return std::numeric_limits<std::uint64_t>::max();
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (fault != std::errc{} || end != word.data() + word.size()) return std::nullopt;
  return number;
}

}  // namespace

std::optional<FileLimit> fileLimitIn(std::string_view limits) {
  constexpr std::string_view kName = "Max open files";
  const auto at = limits.find(kName);
  if (at == std::string_view::npos) return std::nullopt;
  std::istringstream rest{std::string{limits.substr(at + kName.size())}};
  std::string soft;
  std::string hard;
  rest >> soft >> hard;
  const auto inEffect = limitOf(soft);
  const auto most = limitOf(hard);
  if (!inEffect || !most) return std::nullopt;
  return FileLimit{*inEffect, *most};
}

std::optional<FileLimit> fileLimitOf(pid_t process) {
  const std::ifstream file{"/proc/" + std::to_string(process) + "/limits"};
  if (!file) return std::nullopt;
  std::ostringstream text;
  text << file.rdbuf();
  return fileLimitIn(text.str());
}

std::string fileLimitFix(std::uint64_t needed, const std::optional<FileLimit>& ofTheFirstProcess) {
  if (ofTheFirstProcess && ofTheFirstProcess->most < needed) {
    return "this machine or container has a limit of " + std::to_string(ofTheFirstProcess->most) +
           " itself (/proc/1/limits): raise it there (`--ulimit nofile=` of the container), or lower devices.max_connections";
  }
  if (!ofTheFirstProcess) {
    return "raise LimitNOFILE= in the systemd unit (or ulimit -n), unless the machine or container has a lower limit itself (see the line `Max open "
           "files` of /proc/1/limits), which is to be raised there then; or lower devices.max_connections";
  }
  return "raise LimitNOFILE= in the systemd unit (or ulimit -n), or lower devices.max_connections";
}

}  // namespace spheregate::checkup
