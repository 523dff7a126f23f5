#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <memory>

#include "checking.hpp"
#include "command_line.hpp"
#include "exit_code.hpp"
#include "text_table.hpp"

namespace spheregate::app {
namespace {

int check(const CheckQuestion& question, bool asJson) {
  const checkup::Examined all = checkAll(question);
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  std::fputs((asJson ? findingsJson(all.findings) + "\n" : checkup::table(all.findings, terminal, terminalColumns())).c_str(), stdout);
  const int code = checkup::totals(all.findings).failed == 0 ? kGood : kFailed;
  if (!all.unfinished) return code;
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace

void addCheckCommand(CLI::App& program, Deed& deed) {
  const auto question = std::make_shared<CheckQuestion>();
  CLI::App* checks = program.add_subcommand("check", "find out what is wrong with this gateway, whether it runs or not");
  checks->add_option("--config", question->file, "the configuration file")->type_name("FILE")->capture_default_str();
  const auto asJson = std::make_shared<bool>(false);
  checks->add_flag("--json", *asJson, "for scripts");
  checks->add_flag("--offline", question->offline, "leave the hub and the name servers alone");
  checks->add_option("--login-as", question->loginAs, "try the hub's login as this device, which must not be connected; while no gateway runs")->type_name("ID");
  checks->add_option("--root", question->root, "the file with the root that devices trust")->type_name("FILE");
  CLI::Option* device = checks->add_flag("--as-device", question->asDevice, "connect to the running gateway as an Azure Sphere device does");
  checks->add_option("--host", question->host, "the gateway's name or address as devices dial it")->type_name("HOST")->needs(device);
  checks->callback([=, &deed] { deed = [=] { return check(*question, *asJson); }; });
}

}  // namespace spheregate::app
