#include "checking.hpp"

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "daemon_word.hpp"
#include "spheregate/app/version.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/checkup/as_device.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

// Where systemd puts what the unit hands over with LoadCredential=.
constexpr const char* kCredentials = "/run/credentials/spheregate.service";

// The address that reaches a listener at this one from the same machine.
std::string dialled(const std::string& listened) {
  if (listened == "0.0.0.0") return "127.0.0.1";
  return listened == "::" ? "::1" : listened;
}

checkup::Findings lookAtConfiguration(const CheckQuestion& question, const config::Loaded& loaded) {
  checkup::Report report{"configuration"};
  for (const config::Problem& problem : loaded.problems) {
    std::string where = problem.file;
    if (problem.line > 0) where += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
    report.fail((problem.key.empty() ? "" : problem.key + ": ") + problem.what, where, problem.fix);
  }
  if (report.empty()) report.pass("every key is known and has a value that fits", question.file);
  return report.take();
}

checkup::Findings knock(const checkup::Subject& subject, const CheckQuestion& question) {
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

}  // namespace

checkup::Examined checkAll(const CheckQuestion& question) {
  // The parts of the daemon that are tried would write into the log what is in the findings.
  base::configureLog(base::LogLevel::silent, base::LogFormat::text);
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

std::string findingsJson(const checkup::Findings& findings) {
  const checkup::Totals sum = checkup::totals(findings);
  json all{{"passed", sum.passed}, {"warnings", sum.warnings}, {"failed", sum.failed}, {"skipped", sum.skipped}, {"findings", json::array()}};
  for (const checkup::Finding& one : findings) {
    all["findings"].push_back(
        {{"item", one.item}, {"verdict", checkup::label(one.verdict)}, {"what", one.what}, {"where", one.where}, {"fix", one.fix}});
  }
  // What a certificate or a peer says may be quoted.
  return all.dump(2, ' ', false, json::error_handler_t::replace);
}

}  // namespace spheregate::app
