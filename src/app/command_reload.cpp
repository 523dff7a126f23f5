#include <signal.h>
#include <sys/types.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <utility>

#include "admin_options.hpp"
#include "command_line.hpp"
#include "exit_code.hpp"
#include "setup.hpp"

namespace spheregate::app {
namespace {

// What the gateway says of a broken configuration is all that needs to be said, so nothing of it is printed here if only its socket can be
// found; when it cannot, that is what is wrong.
std::optional<std::filesystem::path> socketOf(const AdminOptions& options) {
  if (options.socket.empty()) {
    config::Loaded loaded = config::load(options.config);
    bool found = true;
    for (const config::Problem& problem : loaded.problems) found = found && !problem.key.empty() && !problem.key.starts_with("admin");
    if (found) return std::move(loaded.config.admin.socket);
  }
  return options.socketPath();
}

// Where there is no admin socket nobody can be asked for the outcome.
int byHangUp(pid_t daemon) {
  if (::kill(daemon, SIGHUP) != 0) {
    complain("cannot tell the gateway, process " + std::to_string(daemon) + ", to read its files: " + std::strerror(errno));
    return kFailed;
  }
  std::printf("the gateway was told to read its files; what came of it is in its log only, because admin.socket is empty\n");
  return kGood;
}

int reload(const AdminOptions& options, pid_t daemon) {
  const auto socket = socketOf(options);
  if (!socket) return kBadConfiguration;
  if (socket->empty() && daemon > 0) return byHangUp(daemon);
  int code = kFailed;
  const auto answer = answerOf(*socket, "POST", "/reload", code);
  if (!answer) return code;
  if (options.json) {
    std::printf("%s\n", answer->dump(2).c_str());
  } else {
    std::printf("%s\n", answer->value("done", "done").c_str());
  }
  return code;
}

}  // namespace

void addReloadCommand(CLI::App& program, Deed& deed) {
  CLI::App* reloads = program.add_subcommand("reload", "have the running gateway read its configuration and files again, and say what is wrong with them");
  const auto options = AdminOptions::addTo(*reloads);
  const auto daemon = std::make_shared<pid_t>(0);
  reloads->add_option("--main-pid", *daemon, "the gateway's process, to be sent SIGHUP where admin.socket is empty")->type_name("PID")->check(CLI::PositiveNumber);
  reloads->callback([=, &deed] { deed = [=] { return reload(*options, *daemon); }; });
}

}  // namespace spheregate::app
