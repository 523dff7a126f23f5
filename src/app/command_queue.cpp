#include <chrono>
#include <cstdio>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "admin_client.hpp"
#include "command_line.hpp"
#include "exit_code.hpp"
#include "export_file.hpp"
#include "queue_options.hpp"
#include "queue_text.hpp"
#include "setup.hpp"
#include "spheregate/base/percent.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using Options = std::shared_ptr<QueueOptions>;

constexpr std::size_t kShown = 20;

int show(const QueueOptions& options, std::size_t limit) {
  int code = kFailed;
  const auto source = openQueueSource(options, code);
  return source ? showAnswer(options, source->queue(limit), queueText) : code;
}

int deadLetters(const QueueOptions& options) {
  int code = kFailed;
  const auto source = openQueueSource(options, code);
  return source ? showAnswer(options, source->deadLetters(), deadLettersText) : code;
}

// As long as another letter of the same device is on its way to the hub, and the hub takes it soon.
base::Explained<json> retryOne(const std::filesystem::path& socket, const std::string& id) {
  constexpr unsigned kConflict = 409;
  constexpr std::chrono::milliseconds kPause{200};
  constexpr std::chrono::seconds kPatience{10};
  const std::string target = "/queue/dead-letters/" + base::percentEncode(id) + "/retry";
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (true) {
    unsigned status = 0;
    auto answer = answered(socket, "POST", target, kPatience, &status);
    if (answer || status != kConflict || std::chrono::steady_clock::now() > end) return answer;
    std::this_thread::sleep_for(kPause);
  }
}

// Each for itself: one that cannot be retried does not keep the others.
int retry(const QueueOptions& options, const std::vector<std::string>& ids) {
  const auto socket = options.admin->socketPath();
  if (!socket) return kBadConfiguration;
  int code = kGood;
  json all = json::array();
  for (const std::string& id : ids) {
    const auto answer = retryOne(*socket, id);
    if (answer) {
      all.push_back(*answer);
      if (!options.admin->json) std::printf("%s: its message is at the end of its device's queue\n", id.c_str());
      continue;
    }
    code = kFailed;
    complain(answer.error());
    all.push_back({{"id", id}, {"retried", false}, {"error", answer.error()}});
  }
  if (options.admin->json) std::printf("%s\n", json{{"retries", all}}.dump(2, ' ', false, json::error_handler_t::replace).c_str());
  return code;
}

int exportTo(const QueueOptions& options, const std::string& file) {
  int code = kFailed;
  const auto source = openQueueSource(options, code);
  if (!source) return code;
  const auto written = writeExport(*source, file);
  if (!written) {
    complain(written.error());
    return kFailed;
  }
  std::FILE* words = file == "-" ? stderr : stdout;
  if (options.admin->json && file != "-") {
    std::printf("%s\n", json{{"file", file}, {"messages", written->messages}, {"dead_letters", written->letters}, {"unreadable", written->faults}}.dump(2).c_str());
  } else {
    std::fprintf(words, "%s: %zu messages and %zu dead letters\n", file.c_str(), written->messages, written->letters);
  }
  if (written->faults > 0) complain(std::to_string(written->faults) + " of them could not be read; each is in the file with its `fault`");
  return written->faults == 0 ? kGood : kFailed;
}

int audit(const QueueOptions& options) {
  int code = kFailed;
  const auto source = openQueueSource(options, code);
  if (!source) return code;
  const auto answer = source->audit();
  code = showAnswer(options, answer, auditText);
  return answer && !answer->value("balanced", false) ? kFailed : code;
}

void addRetry(CLI::App& queue, Deed& deed, const Options& shared) {
  CLI::App* command = queue.add_subcommand("retry", "put dead letters back at the end of their devices' queues");
  const auto ids = std::make_shared<std::vector<std::string>>();
  command->add_option("id", *ids, "as `spheregate queue dead-letters` shows it")->required()->type_name("ID");
  shared->admin = AdminOptions::addTo(*command, shared->admin);
  command->callback([=, &deed] { deed = [=] { return retry(*shared, *ids); }; });
}

void addExport(CLI::App& queue, Deed& deed, const Options& shared) {
  CLI::App* command = queue.add_subcommand("export", "write all queued messages and dead letters into a file, one JSON object a line");
  const auto file = std::make_shared<std::string>();
  command->add_option("file", *file, "a file that does not exist yet, or - for stdout")->required()->type_name("FILE");
  const Options options = QueueOptions::addTo(*command, shared);
  command->callback([=, &deed] { deed = [=] { return exportTo(*options, *file); }; });
}

}  // namespace

void addQueueCommands(CLI::App& program, Deed& deed) {
  CLI::App* queue = program.add_subcommand("queue", "what waits for the hub, and what could not be delivered; also without a running gateway");
  queue->require_subcommand(0, 1);
  const Options options = QueueOptions::addTo(*queue);
  queue->callback([=, &deed] {
    if (queue->get_subcommands().empty()) deed = [=] { return show(*options, kShown); };
  });
  CLI::App* shows = queue->add_subcommand("show", "how much, how old, and whose; also what `spheregate queue` does");
  const auto limit = std::make_shared<std::size_t>(kShown);
  shows->add_option("--limit", *limit, "so many devices, those with most queued")->type_name("N")->check(CLI::Range(1, 1'000'000))->capture_default_str();
  QueueOptions::addTo(*shows, options);
  shows->callback([=, &deed] { deed = [=] { return show(*options, *limit); }; });
  CLI::App* letters = queue->add_subcommand("dead-letters", "messages that could not be delivered, and why");
  QueueOptions::addTo(*letters, options);
  letters->callback([=, &deed] { deed = [=] { return deadLetters(*options); }; });
  addRetry(*queue, deed, options);
  addExport(*queue, deed, options);
}

void addAuditCommand(CLI::App& program, Deed& deed) {
  CLI::App* audits = program.add_subcommand("audit", "prove that the books balance: every accepted message is accounted for");
  const Options options = QueueOptions::addTo(*audits);
  audits->callback([=, &deed] { deed = [=] { return audit(*options); }; });
}

}  // namespace spheregate::app
