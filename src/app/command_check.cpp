#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "command_line.hpp"
#include "daemon_word.hpp"
#include "exit_code.hpp"
#include "spheregate/app/version.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/checkup/as_device.hpp"
#include "spheregate/checkup/examine.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

// Where systemd puts what the unit hands over with LoadCredential=.
constexpr const char* kCredentials = "/run/credentials/spheregate.service";

struct Question {
  std::string file = kConfigFile;
  bool asJson = false;
  bool asDevice = false;
  bool offline = false;
  std::string host;     // of --as-device; empty: this machine
  std::string loginAs;
  std::string root;
};

std::string asJson(const checkup::Findings& findings) {
  const checkup::Totals sum = checkup::totals(findings);
  json all{{"passed", sum.passed}, {"warnings", sum.warnings}, {"failed", sum.failed}, {"skipped", sum.skipped}, {"findings", json::array()}};
  for (const checkup::Finding& one : findings) {
    all["findings"].push_back(
        {{"item", one.item}, {"verdict", checkup::label(one.verdict)}, {"what", one.what}, {"where", one.where}, {"fix", one.fix}});
  }
  // What a certificate or a peer says may be quoted.
  return all.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

// The address that reaches a listener at this one from the same machine.
std::string dialled(const std::string& listened) {
  if (listened == "0.0.0.0") return "127.0.0.1";
  return listened == "::" ? "::1" : listened;
}

checkup::Findings lookAtConfiguration(const Question& question, const config::Loaded& loaded) {
  checkup::Report report{"configuration"};
  for (const config::Problem& problem : loaded.problems) {
    std::string where = problem.file;
    if (problem.line > 0) where += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    report.fail((problem.key.empty() ? "" : problem.key + ": ") + problem.what, where, problem.fix);
  }
  if (report.empty()) report.pass("every key is known and has a value that fits", question.file);
  return report.take();
}

checkup::Findings knock(const checkup::Subject& subject, const Question& question) {
  const auto& listener = subject.config.listener;
  if (listener.port == 0) {
    checkup::Report report{"device"};
    report.skip("listen.port is 0, so it is not known where the gateway listens", {}, "set listen.port");
    return report.take();
  }
  const bool elsewhere = !question.host.empty();
  const checkup::Door door{.host = elsewhere ? question.host : dialled(listener.address),
                           .port = listener.port,
                           .dialledName = elsewhere ? question.host : subject.config.hostname};
  return checkup::lookAsDevice(subject, door);
}

checkup::Examined lookAtAll(const Question& question) {
  // What the unit's credentials are is known to systemd alone; outside the unit they are looked for where it puts them.
  std::error_code mayNotLook;
  if (std::filesystem::exists(kCredentials, mayNotLook)) setenv("CREDENTIALS_DIRECTORY", kCredentials, 0);
  config::Loaded loaded = config::load(question.file);
  checkup::Examined all;
  // From another machine, which has no configuration, a gateway is seen as devices see it: on the usual port.
  const bool elsewhere = !question.host.empty() && question.file == kConfigFile && !std::filesystem::exists(question.file);
  if (elsewhere) loaded.problems.clear();
  if (!elsewhere) all.findings = lookAtConfiguration(question, loaded);
  if (!loaded.problems.empty()) return all;
  const auto subject = std::make_shared<checkup::Subject>();
  subject->daemon = askDaemon(loaded.config);
  subject->config = std::move(loaded.config);
  subject->version = kVersion;
  subject->released = kReleaseDate;
  subject->offline = question.offline;
  subject->loginAs = question.loginAs;
  subject->root = question.root;
  checkup::Examined more;
  if (question.asDevice)
    more.findings = knock(*subject, question);
  else
    more = checkup::examine(subject);
  for (checkup::Finding& one : more.findings) all.findings.push_back(std::move(one));
  all.unfinished = more.unfinished;
  return all;
}

int check(const Question& question) {
  // The parts of the daemon that are tried would write into the log what is in the findings.
  base::configureLog(base::LogLevel::silent, base::LogFormat::text);
  const checkup::Examined all = lookAtAll(question);
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  std::fputs((question.asJson ? asJson(all.findings) : checkup::table(all.findings, terminal)).c_str(), stdout);
  const int code = checkup::totals(all.findings).failed == 0 ? kGood : kFailed;
  if (!all.unfinished) return code;
  std::fflush(nullptr);
  std::_Exit(code);
}

}  // namespace

void addCheckCommand(CLI::App& program, Deed& deed) {
  const auto question = std::make_shared<Question>();
  CLI::App* checks = program.add_subcommand("check", "find out what is wrong with this gateway, whether it runs or not");
  checks->add_option("--config", question->file, "the configuration file")->type_name("FILE")->capture_default_str();
  checks->add_flag("--json", question->asJson, "for scripts");
  checks->add_flag("--offline", question->offline, "leave the hub and the name servers alone");
  checks->add_option("--login-as", question->loginAs, "try the hub's login as this device, which must not be connected")->type_name("ID");
  checks->add_option("--root", question->root, "the file with the root that devices trust")->type_name("FILE");
  CLI::Option* device = checks->add_flag("--as-device", question->asDevice, "connect to the running gateway as an Azure Sphere device does");
  checks->add_option("--host", question->host, "the gateway's name or address as devices dial it")->type_name("HOST")->needs(device);
  checks->callback([question, &deed] { deed = [question] { return check(*question); }; });
}

}  // namespace spheregate::app
