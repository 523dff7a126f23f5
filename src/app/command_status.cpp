#include <chrono>
#include <cstdio>
#include <thread>
#include <utility>

#include "admin_client.hpp"
#include "admin_options.hpp"
#include "device_text.hpp"
#include "exit_code.hpp"
#include "setup.hpp"
#include "terminal.hpp"
#include "watch_text.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kWatchPause{2};

int once(const AdminOptions& options) {
  return askAndShow(options, "GET", "/status", [](const json& status) { std::fputs(statusText(status).c_str(), stdout); });
}

// Whoever is watched may be restarted; but what nobody can mend by waiting is told at once.
class Watcher {
 public:
  explicit Watcher(std::filesystem::path socket) : socket_{std::move(socket)} {}

  // The lines of this moment; nothing when it makes no sense to go on, and why is in `problem`.
  std::optional<std::vector<std::string>> look(std::size_t rows, std::string& problem) {
    const auto now = std::chrono::system_clock::now();
    const auto answer = answered(socket_, "GET", "/status", kPatience);
    if (answer) {
      seen_ = true;
      try {
        return text_.lines(*answer, now, rows);
      } catch (const json::exception&) {  // a number where a word should be: it is somebody else, or a later version
        problem = "what serves " + socket_.string() + " does not answer as a gateway of this version";
        return std::nullopt;
      }
    }
    problem = answer.error();
    if (!seen_ && !nobodyServes(socket_)) return std::nullopt;
    return text_.silence(problem, now);
  }

 private:
  static constexpr std::chrono::seconds kPatience{3};

  std::filesystem::path socket_;
  WatchText text_;
  bool seen_ = false;
};

int watchOnTerminal(Watcher& watcher, std::string& problem) {
  Terminal terminal;
  for (auto wake = Terminal::Wake::time; wake != Terminal::Wake::leave; wake = terminal.wait(kWatchPause)) {
    const auto lines = watcher.look(Terminal::size().rows, problem);
    if (!lines) return kFailed;
    terminal.draw(*lines);
  }
  problem.clear();
  return kGood;
}

// A block every two seconds, for a file or another program, until somebody ends it.
int watchPlainly(Watcher& watcher, std::string& problem) {
  while (true) {
    const auto lines = watcher.look(0, problem);
    if (!lines) return kFailed;
    std::string block;
    for (const std::string& line : *lines) block += line + "\n";
    block += "\n";
    if (std::fputs(block.c_str(), stdout) < 0 || std::fflush(stdout) != 0) return kFailed;
    std::this_thread::sleep_for(kWatchPause);
  }
}

int watch(const AdminOptions& options) {
  const auto socket = options.socketPath();
  if (!socket) return kBadConfiguration;
  Watcher watcher{*socket};
  std::string problem;
  const int code = Terminal::isThere() ? watchOnTerminal(watcher, problem) : watchPlainly(watcher, problem);
  if (!problem.empty()) complain(problem);
  return code;
}

}  // namespace

void addStatusCommand(CLI::App& program, Deed& deed) {
  CLI::App* status = program.add_subcommand("status", "the running gateway in brief: hub, devices, queue, who was refused");
  const auto options = AdminOptions::addTo(*status);
  const auto watching = std::make_shared<bool>(false);
  status->add_flag("--watch", *watching, "again every two seconds, until q or Ctrl-C")->excludes("--json");
  status->callback([=, &deed] { deed = [=] { return *watching ? watch(*options) : once(*options); }; });
}

}  // namespace spheregate::app
