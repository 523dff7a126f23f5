#include "admin_options.hpp"

#include <algorithm>
#include <cstdio>
#include <system_error>
#include <utility>
#include <vector>

#include "admin_client.hpp"
#include "exit_code.hpp"
#include "setup.hpp"
#include "text_lines.hpp"

namespace spheregate::app {

using nlohmann::json;

namespace {

// A file that is not YAML says nothing of the socket. The gateway that runs with the usual file is at the usual place, unless the
// file named another; the gateway of another file is not, and whoever asks must not be answered by the wrong one.
std::optional<std::filesystem::path> usualSocket(const std::filesystem::path& config,
                                                 const std::vector<config::Problem>& problems) {
  const bool parsed =
      std::none_of(problems.begin(), problems.end(), [](const config::Problem& one) { return one.key.empty() && one.line > 0; });
  std::error_code ignored;
  if (parsed || !std::filesystem::equivalent(config, kConfigFile, ignored)) {
    complain("so it is not known where the gateway's socket is; mend that, or name it with --socket");
    return std::nullopt;
  }
  std::filesystem::path usual = ops::AdminSettings{}.socket;
  if (nobodyServes(usual)) {
    complain("so it is not known where the gateway's socket is, and no gateway serves " + usual.string() +
             ", the usual place; mend the file, or name the socket with --socket");
    return std::nullopt;
  }
  complain("so the gateway is asked at the usual place, " + usual.string() + "; name another with --socket");
  return usual;
}

}  // namespace

std::shared_ptr<AdminOptions> AdminOptions::addTo(CLI::App& command, std::shared_ptr<AdminOptions> options) {
  if (!options) options = std::make_shared<AdminOptions>();
  CLI::Option* file = command.add_option("--config", options->config, "the gateway's configuration, which names its admin socket");
  file->type_name("FILE")->capture_default_str();
  file->each([options](const std::string&) { options->configGiven = true; });
  command.add_option("--socket", options->socket, "its admin socket, instead of the configuration")->type_name("PATH");
  command.add_flag("--json", options->json, "answer in JSON, as /usr/share/doc/spheregate/admin-api.md has it");
  return options;
}

std::optional<std::filesystem::path> AdminOptions::socketPath() const {
  if (!socket.empty()) return socket;
  std::error_code ignored;
  if (!configGiven && !std::filesystem::exists(config, ignored)) return ops::AdminSettings{}.socket;
  // Whoever has just broken the configuration needs the gateway's word most: its socket is where the file says, if that much can be read.
  const config::Loaded loaded = config::load(config);
  bool found = true;
  for (const config::Problem& problem : loaded.problems) {
    std::fprintf(stderr, "%s\n", config::text(problem).c_str());
    found = found && !problem.key.empty() && !problem.key.starts_with("admin");
  }
  if (!found) return usualSocket(config, loaded.problems);
  return loaded.config.admin.socket;
}

base::Explained<json> answered(const std::filesystem::path& socket, std::string_view method, const std::string& target, std::chrono::seconds patience,
                               unsigned* status) {
  const auto answer = ask(socket, method, target, patience);
  if (!answer) return base::failed<json>(answer.error());
  if (status != nullptr) *status = answer->status;
  json body = json::parse(answer->body, nullptr, false);
  if (body.is_discarded() || !body.is_object()) return base::failed<json>("what serves " + socket.string() + " is no gateway: its answer is not JSON");
  if (answer->status != 200) return base::failed<json>(textOf(body, "error", "the gateway refused") + "; " + textOf(body, "fix", ""));
  return base::Explained<json>{boost::system::in_place_value, std::move(body)};
}

std::optional<json> answerOf(const std::filesystem::path& socket, std::string_view method, const std::string& target, int& code) {
  auto answer = answered(socket, method, target);
  code = answer ? kGood : kFailed;
  if (answer) return std::move(*answer);
  std::fprintf(stderr, "spheregate: %s\n", answer.error().c_str());
  return std::nullopt;
}

int askAndShow(const AdminOptions& options, std::string_view method, const std::string& target, const std::function<void(const json&)>& show) {
  const auto socket = options.socketPath();
  if (!socket) return kBadConfiguration;
  int code = kFailed;
  const auto body = answerOf(*socket, method, target, code);
  if (!body) return code;
  if (options.json)
    std::printf("%s\n", body->dump(2).c_str());
  else
    show(*body);
  return code;
}

}  // namespace spheregate::app
