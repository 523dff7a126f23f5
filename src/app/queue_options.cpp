#include "queue_options.hpp"

#include <cstdio>

#include "admin_client.hpp"
#include "exit_code.hpp"
#include "json_answer.hpp"
#include "setup.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

std::unique_ptr<QueueSource> stored(const std::filesystem::path& place, const config::Config* config, const std::string& silence, int& code) {
  // What the reading of a damaged store would write into the log of a daemon is in the answers.
  base::configureLog(base::LogLevel::silent, base::LogFormat::text);
  auto source = storedQueue(place, config);
  code = source ? kGood : kFailed;
  if (source) return std::move(*source);
  complain((silence.empty() ? "" : silence + " And its store: ") + source.error());
  return nullptr;
}

}  // namespace

std::shared_ptr<QueueOptions> QueueOptions::addTo(CLI::App& command, const std::shared_ptr<QueueOptions>& shared) {
  auto options = shared ? shared : std::make_shared<QueueOptions>();
  options->admin = AdminOptions::addTo(command, options->admin);
  command.add_option("--store", options->store, "read this store, for example a copy; no gateway may run with it")->type_name("DIR");
  return options;
}

std::unique_ptr<QueueSource> openQueueSource(const QueueOptions& options, int& code) {
  if (!options.store.empty()) return stored(options.store, nullptr, {}, code);
  code = kBadConfiguration;
  const auto socket = options.admin->socketPath();
  if (!socket) return nullptr;
  if (!options.admin->socket.empty() || !nobodyServes(*socket)) return gatewayQueue(*socket);
  const config::Loaded loaded = config::load(options.admin->config);
  for (const config::Problem& problem : loaded.problems) {
    // They are on stderr already.
    if (!problem.key.empty() && problem.key != "queue" && !problem.key.starts_with("queue.")) continue;
    complain("so it is not known where the store is; mend that, or name it with --store");
    return nullptr;
  }
  const std::string silence = socket->empty() ? "the gateway has no admin socket." : "no gateway serves " + socket->string() + ".";
  return stored(loaded.config.queue.path, &loaded.config, silence, code);
}

int showAnswer(const QueueOptions& options, const base::Explained<json>& answer, const std::function<std::string(const json&)>& text) {
  if (!answer) {
    complain(answer.error());
    return kFailed;
  }
  std::fputs((options.admin->json ? jsonText(*answer) + "\n" : text(*answer)).c_str(), stdout);
  return kGood;
}

}  // namespace spheregate::app
