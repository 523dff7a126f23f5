#include <openssl/crypto.h>

#include <memory>
#include <optional>
#include <utility>

#include "admin_client.hpp"
#include "admin_options.hpp"
#include "checking.hpp"
#include "config_json.hpp"
#include "json_answer.hpp"
#include "queue_source.hpp"
#include "spheregate/app/version.hpp"
#include "spheregate/base/percent.hpp"
#include "spheregate/tls/key_name.hpp"
#include "support_bundle.hpp"
#include "system_facts.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;
using Explained = base::Explained<std::string>;
using nlohmann::json;

constexpr std::chrono::seconds kPatience{10};

Explained text(std::string content) { return Explained{boost::system::in_place_value, std::move(content)}; }

Explained asText(const base::Explained<json>& answer) { return answer ? text(jsonText(*answer) + "\n") : base::failed<std::string>(answer.error()); }

// What is asked by several items.
struct Subject {
  BundleQuestion question;
  config::Loaded loaded;
  bool runs = false;
};
using Shared = std::shared_ptr<const Subject>;

Explained versions() {
  json all{{"spheregate", kVersion}, {"openssl", OpenSSL_version(OPENSSL_VERSION)}, {"compiler", __VERSION__}};
  return text(jsonText(all) + "\n");
}

Explained configuration(const Subject& subject) {
  if (!subject.loaded.problems.empty()) return base::failed<std::string>("the configuration has mistakes; config-check.json names them");
  return text(config::show(subject.loaded.config));
}

Explained down() { return base::failed<std::string>("the gateway does not run"); }

Explained asked(const Subject& subject, const std::string& target) {
  if (!subject.runs) return down();
  const auto answer = ask(subject.question.socket, "GET", target, kPatience);
  if (!answer) return base::failed<std::string>(answer.error());
  if (answer->status != 200) return base::failed<std::string>("the gateway answered " + target + " with status " + std::to_string(answer->status));
  return text(answer->body);
}

// The list in pages, so that the gateway goes on with its work.
Explained devices(const Subject& subject) {
  if (!subject.runs) return down();
  constexpr std::size_t kDevicesMax = 20'000;
  json all = json::array();
  for (std::string after; all.size() < kDevicesMax;) {
    auto page = answered(subject.question.socket, "GET", "/devices?limit=1000" + (after.empty() ? "" : "&after=" + base::percentEncode(after)), kPatience);
    if (!page) return base::failed<std::string>(page.error());
    for (json& device : (*page)["devices"]) all.push_back(std::move(device));
    after = page->value("after", "");
    if (after.empty()) break;
  }
  return text(jsonText({{"devices", all}}) + "\n");
}

base::Explained<std::unique_ptr<QueueSource>> queueOf(const Subject& subject) {
  using Made = std::unique_ptr<QueueSource>;
  if (subject.runs) return Made{gatewayQueue(subject.question.socket)};
  return storedQueue(subject.loaded.config.queue.path, &subject.loaded.config);
}

Explained aboutQueue(const Subject& subject, base::Explained<json> (*question)(QueueSource&)) {
  const auto source = queueOf(subject);
  if (!source) return base::failed<std::string>(source.error());
  return asText(question(**source));
}

Explained checks(const Subject& subject) {
  CheckQuestion question;
  question.file = subject.question.config.string();
  question.offline = subject.question.offline;
  const checkup::Examined all = checkAll(question);
  if (subject.question.unfinished != nullptr) *subject.question.unfinished = all.unfinished;
  return text(findingsJson(all.findings) + "\n");
}

std::string unquoted(const std::string& quoted) { return quoted.substr(1, quoted.size() - 2); }

// Every absolute path that the configuration names, a key's too, and what `spheregate init` makes beside it.
std::vector<fs::path> namedPlaces(const Subject& subject) {
  const fs::path directory = subject.question.config.parent_path();
  std::vector<fs::path> places{directory / "tls", directory / "secrets"};
  for (const config::Value& value : config::values(subject.loaded.config)) {
    if (value.text.starts_with("\"/")) places.emplace_back(unquoted(value.text));
    const auto key = value.secret && value.text.size() > 2 ? tls::keyName(unquoted(value.text)) : base::failed<tls::KeyName>({});
    if (key && !key->pinFile.empty()) places.push_back(key->pinFile);
  }
  return places;
}

Explained files(const Subject& subject) { return text(fileListing(subject.question.config.parent_path(), namedPlaces(subject))); }

Explained machine(const Subject& subject) {
  return text(systemFacts({"/", subject.question.config.parent_path(), subject.loaded.config.queue.path}));
}

Explained certificates(const Subject& subject) {
  const config::Config& config = subject.loaded.config;
  std::vector<fs::path> places;
  for (const fs::path& place : {config.listener.certificate, config.http.certificate, config.identity.tenantCa, config.authority,
                               config.upstream.auth.certificate, config.connector.ca}) {
    if (!place.empty()) places.push_back(place);
  }
  std::string all = certificatesText(places);
  if (all.empty()) return base::failed<std::string>("none could be read");
  return text(std::move(all));
}

}  // namespace

std::vector<BundleItem> bundleItems(const BundleQuestion& question) {
  auto made = std::make_shared<Subject>();
  made->question = question;
  made->loaded = config::load(question.config);
  made->runs = !question.socket.empty() && !nobodyServes(question.socket);
  const Shared subject = made;
  const auto of = [&](const char* name, const char* what, Explained (*content)(const Subject&), bool verbatim = false) {
    return BundleItem{.name = name, .what = what, .content = [subject, content] { return content(*subject); }, .verbatim = verbatim};
  };
  const auto fromGateway = [&](const char* name, const char* what, const char* target) {
    return BundleItem{.name = name, .what = what, .content = [subject, target] { return asked(*subject, target); }};
  };
  const auto fromQueue = [&](const char* name, const char* what, base::Explained<json> (*asks)(QueueSource&)) {
    return BundleItem{.name = name, .what = what, .content = [subject, asks] { return aboutQueue(*subject, asks); }};
  };
  std::vector<BundleItem> items;
  items.push_back({.name = "versions.json", .what = "of the gateway and its libraries", .content = versions});
  items.push_back(of("config.yaml", "the values in effect; of secrets the names of their files", configuration));
  items.push_back({.name = "config-check.json", .what = "mistakes of the configuration", .content = [subject] {
                     return text(jsonText(problemsJson(subject->question.config.string(), subject->loaded.problems)) + "\n");
                   }});
  items.push_back(fromGateway("status.json", "what the gateway says of itself", "/status"));
  items.push_back(fromGateway("metrics.txt", "its metrics", "/metrics"));
  items.push_back(fromGateway("refusals.json", "who was refused, and why", "/refusals?limit=1000"));
  items.push_back(fromGateway("log.json", "how much it logs", "/log"));
  items.push_back(of("devices.json", "its devices", devices));
  constexpr std::size_t kDevicesMax = 1000;
  items.push_back(fromQueue("queue.json", "what waits, and whose it is; no message", [](QueueSource& source) { return source.queue(kDevicesMax); }));
  items.push_back(fromQueue("dead-letters.json", "what could not be delivered, and why; no message", [](QueueSource& source) { return source.deadLetters(); }));
  items.push_back(fromQueue("audit.json", "whether the books balance", [](QueueSource& source) { return source.audit(); }));
  items.push_back(of("certificates.txt", "public parts of the certificates", certificates, true));
  items.push_back(of("files.txt", "modes, owners and sizes of the files; no content", files));
  items.push_back(of("system.txt", "kernel, distribution, memory, file systems, clock", machine));
  items.push_back({.name = "service.txt", .what = "how systemd sees the service", .content = serviceFacts});
  items.push_back({.name = "journal.txt", .what = "its last 2,000 lines in the journal", .content = recentLog});
  // Last, because from then on this process logs nothing and may have to end at once.
  items.push_back(of("check.json", "what `spheregate check` finds", checks));
  return items;
}

}  // namespace spheregate::app
