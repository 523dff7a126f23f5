#include "reloading.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "server_name.hpp"
#include "spheregate/base/log.hpp"
#include "spheregate/config/changes.hpp"
#include "trust_changes.hpp"

namespace spheregate::app {
namespace {

namespace fs = std::filesystem;

// Between the first look at files that do not fit together and the complaint.
constexpr std::chrono::seconds kPatience{2};
constexpr std::size_t kNamesMax = 10;

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t at = 0; at < std::min(names.size(), kNamesMax); ++at) text += (at == 0 ? "" : ", ") + names[at];
  if (names.size() > kNamesMax) text += " and " + std::to_string(names.size() - kNamesMax) + " more";
  return text;
}

std::string textOf(const std::vector<config::Problem>& problems) {
  std::string text = config::text(problems.front());
  if (problems.size() > 1) {
    text += " (and " + std::to_string(problems.size() - 1) + " more; `spheregate config check` names them all)";
  }
  return text;
}

bool isFile(const std::string& key) { return !key.starts_with("pkcs11:") && !key.starts_with("handle:"); }

// What is taken into use while the gateway runs.
std::vector<fs::path> livePlaces(const fs::path& file, const config::Config& config) {
  std::vector<fs::path> places{file, config.listener.certificate};
  if (isFile(config.listener.privateKey)) places.emplace_back(config.listener.privateKey);
  const identity::Settings& identity = config.identity;
  for (const fs::path& place : {identity.tenantCa, identity.denyFile, identity.allowFile, identity.crl, identity.aliasFile, config.http.certificate,
                                config.http.privateKey, config.http.passwordFile}) {
    if (!place.empty()) places.push_back(place);
  }
  return places;
}

bool contains(const std::vector<fs::path>& places, const fs::path& place) {
  return std::find(places.begin(), places.end(), place) != places.end();
}

// What waits for the next start.
std::vector<fs::path> startOnlyPlaces(const fs::path& file, const config::Config& config) {
  const std::vector<fs::path> live = livePlaces(file, config);
  std::vector<fs::path> places;
  for (StartFile& named : startFiles(config)) {
    if (!contains(live, named.file)) places.push_back(std::move(named.file));
  }
  return places;
}

}  // namespace

std::vector<fs::path> watchedPlaces(const fs::path& file, const config::Config& config) {
  std::vector<fs::path> places = livePlaces(file, config);
  for (fs::path& place : startOnlyPlaces(file, config)) places.push_back(std::move(place));
  return places;
}

Reloading::Reloading(ReloadParts parts, config::Config started)
    : parts_{std::move(parts)},
      started_{std::move(started)},
      inForce_{started_},
      wanted_{started_},
      taken_{parts_.metrics.counter("config_reloads_total", "Changes of configuration, certificates and lists, by result.", {{"result", "ok"}})},
      refused_{parts_.metrics.counter("config_reloads_total", "Changes of configuration, certificates and lists, by result.", {{"result", "error"}})},
      lastGood_{parts_.metrics.gauge("config_last_reload_successful", "0 while what is in the files is not what is in force.")},
      restartNeeded_{parts_.metrics.gauge("config_restart_needed", "Keys of the configuration whose new value, or file, waits for a restart.")},
      lastTime_{parts_.metrics.gauge("config_last_reload_success_timestamp_seconds", "When files were taken the last time, in Unix time.")},
      patience_{parts_.timers},
      watch_{parts_.loop, parts_.timers, [this] { reload(Why::changed); }} {
  state_.at = parts_.timers.clock().wall();
  lastGood_.set(1);
  lastTime_.set(static_cast<double>(std::chrono::system_clock::to_time_t(state_.at)));
  seen_ = std::move(parts_.asRead);
  watch_.watch(watchedPlaces(parts_.file, started_), seen_);
}

void Reloading::request() { reload(Why::asked); }

base::Explained<std::string> Reloading::outcome() const {
  if (!state_.good) return base::failed<std::string>(state_.problem);
  std::string words = "what the files say is in force";
  if (!state_.restartNeeded.empty()) words = "taken; not in effect before a restart: " + listed(state_.restartNeeded);
  return base::Explained<std::string>{boost::system::in_place_value, std::move(words)};
}

void Reloading::reload(Why why) {
  auto taken = take();
  if (taken) return succeeded(std::move(*taken), why);
  // A certificate and its key, a copy that is not complete: what is written next may mend it.
  if (why == Why::changed) {
    if (!patience_.armed()) patience_.after(kPatience, [this] { reload(Why::stillBad); });
    return;
  }
  failed(taken.error(), why);
}

// Nothing is swapped before everything has been read. The trust is swapped as a whole by itself; what is prepared before cannot fail after.
base::Explained<config::Config> Reloading::take() {
  const ops::FileStamps file = ops::stampsOf({parts_.file});
  config::Loaded loaded = config::load(parts_.file);
  if (!loaded.problems.empty()) return base::failed<config::Config>(textOf(loaded.problems));
  config::Config& next = loaded.config;
  wanted_ = next;
  reading_ = ops::stampsOf(watchedPlaces(parts_.file, next));
  for (const auto& [path, stamp] : file) reading_[path] = stamp;
  if (std::string fault = parts_.atStart.fault(next); !fault.empty()) return base::failed<config::Config>(std::move(fault));
  const auto showCertificate = parts_.listener.prepare(next.listener.certificate, next.listener.privateKey);
  if (!showCertificate) return base::failed<config::Config>(showCertificate.error());
  auto aliases = identity::Aliases::load(next.identity);
  if (!aliases) return base::failed<config::Config>(aliases.error());
  const auto useHttp = parts_.prepareHttp(next.http);
  if (!useHttp) return base::failed<config::Config>(useHttp.error());
  const auto casBefore = parts_.admission.tenantCas();
  const auto swapped = parts_.admission.reload(next.identity);
  if (!swapped) return base::failed<config::Config>(swapped.error());
  (*showCertificate)();
  (*useHttp)();
  parts_.names.use(std::move(*aliases));
  tellTrustChanges(casBefore, parts_.admission.tenantCas());
  return std::move(next);
}

void Reloading::succeeded(config::Config next, Why why) {
  patience_.cancel();
  taken_.add();
  lastGood_.set(1);
  const bool mended = !std::exchange(state_.good, true);
  state_.problem.clear();
  state_.at = parts_.timers.clock().wall();
  lastTime_.set(static_cast<double>(std::chrono::system_clock::to_time_t(state_.at)));
  tellChanges(next, mended ? Why::asked : why);
  inForce_ = std::move(next);
  watch_.watch(watchedPlaces(parts_.file, inForce_), seen_);
  parts_.taken(inForce_);
}

void Reloading::tellChanges(const config::Config& next, Why why) {
  std::vector<std::string> changed;
  for (const config::Change& change : config::changes(inForce_, next)) {
    if (change.live) changed.push_back(change.key);
  }
  const std::vector<fs::path> before = startOnlyPlaces(parts_.file, inForce_);
  const std::vector<fs::path> now = startOnlyPlaces(parts_.file, next);
  for (const fs::path& file : ops::differences(seen_, reading_)) {
    if (!contains(before, file) && !contains(now, file)) changed.push_back(file.string());
  }
  seen_ = std::move(reading_);
  if (!changed.empty() || why == Why::asked) {
    base::logInfo("configuration reloaded", {{"changed", changed.empty() ? "nothing" : listed(changed)}});
  }
  tellWaiting(next, why);
  if (next.listener.certificate != inForce_.listener.certificate || !changed.empty()) {
    checkServerName(next.listener.certificate, started_.hostname);
  }
}

void Reloading::tellWaiting(const config::Config& next, Why why) {
  std::vector<std::string> waiting;
  for (const config::Change& change : config::changes(started_, next)) {
    if (!change.live) waiting.push_back(change.key);
  }
  for (std::string& key : parts_.atStart.changed()) {
    if (std::find(waiting.begin(), waiting.end(), key) == waiting.end()) waiting.push_back(std::move(key));
  }
  restartNeeded_.set(static_cast<double>(waiting.size()));
  const bool same = std::exchange(state_.restartNeeded, waiting) == waiting;
  if (waiting.empty() || (same && why != Why::asked)) return;
  base::logWarn("restart needed", {{"keys", listed(waiting)},
                                   {"consequence", "these keys keep the values, and the content of their files, that the gateway was started with"},
                                   {"fix", "restart the gateway when it suits; nothing is lost"}});
}

void Reloading::failed(const std::string& problem, Why why) {
  refused_.add();
  lastGood_.set(0);
  state_.good = false;
  // Mending those of the new configuration is to be noticed too.
  watch_.watch(placesOf(wanted_));
  const bool same = std::exchange(state_.problem, problem) == problem;
  const auto before = again_.pass(parts_.timers.now());
  if (same && !before && why != Why::asked) return;
  base::logError("configuration not reloaded",
                 {{"problem", problem}, {"consequence", "nothing of it is taken; what was in force stays in force"}});
}

std::vector<fs::path> Reloading::placesOf(const config::Config& wanted) const {
  std::vector<fs::path> places = watchedPlaces(parts_.file, inForce_);
  for (fs::path& place : watchedPlaces(parts_.file, wanted)) {
    if (!contains(places, place)) places.push_back(std::move(place));
  }
  return places;
}

}  // namespace spheregate::app
