#include <cstdio>
#include <memory>
#include <string>

#include "admin_client.hpp"
#include "admin_options.hpp"
#include "command_line.hpp"
#include "text_lines.hpp"
#include "spheregate/base/percent.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using Options = std::shared_ptr<AdminOptions>;

struct Choice {
  std::string level;
  std::string time;
};

std::string logText(const json& answer) {
  std::string out;
  std::string level = textOf(answer, "level");
  if (answer.value("chosen", false)) {
    level += ", chosen by an operator until " + textOf(answer, "until", "a reload") + "; the configuration says " + textOf(answer, "configured");
  }
  line(out, "level", level);
  const json lines = answer.value("lines", json::object());
  line(out, "lines", textOf(lines, "error") + " errors, " + textOf(lines, "warn") + " warnings, " + textOf(lines, "info") + " of level info, " +
                         textOf(lines, "debug") + " of level debug since the start");
  if (answer.value("left_out", 0) != 0) line(out, "left out", textOf(answer, "left_out") + " that came too often within a second");
  return out;
}

int show(const AdminOptions& options) {
  return askAndShow(options, "GET", "/log", [](const json& answer) { std::fputs(logText(answer).c_str(), stdout); });
}

int choose(const AdminOptions& options, const Choice& choice) {
  std::string target = "/log/" + base::percentEncode(choice.level);
  if (!choice.time.empty()) target += "?for=" + base::percentEncode(choice.time);
  return askAndShow(options, "POST", target, [](const json& answer) { std::fputs(logText(answer).c_str(), stdout); });
}

}  // namespace

void addLogCommands(CLI::App& program, Deed& deed) {
  CLI::App* logs = program.add_subcommand("log", "how much the running gateway logs; change it without a restart");
  logs->require_subcommand(0, 1);
  const Options options = AdminOptions::addTo(*logs);
  logs->callback([=, &deed] {
    if (logs->get_subcommands().empty()) deed = [=] { return show(*options); };
  });
  CLI::App* shows = logs->add_subcommand("show", "the level in force; also what `spheregate log` does");
  AdminOptions::addTo(*shows, options);
  shows->callback([=, &deed] { deed = [=] { return show(*options); }; });
  CLI::App* level = logs->add_subcommand("level", "log so much from now on, until the time is over or the configuration is read again");
  const auto choice = std::make_shared<Choice>();
  level->add_option("level", choice->level, "debug, info, warn, error; or configured")->required()->check(
      CLI::IsMember({"debug", "info", "warn", "error", "configured"}));
  level->add_option("--for", choice->time, "so long, for example 10m")->type_name("TIME");
  AdminOptions::addTo(*level, options);
  level->callback([=, &deed] { deed = [=] { return choose(*options, *choice); }; });
}

}  // namespace spheregate::app
