#include "device_report.hpp"

#include <algorithm>
#include <cctype>
#include <unordered_set>

#include "iso_time.hpp"
#include "spheregate/base/log.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

json linkJson(const relay::Uplink::LinkState& link) {
  json entry{{"state", upstream::label(link.state)}, {"inflight", link.inflight}};
  if (!link.lastError.empty()) entry["last_error"] = link.lastError;
  return entry;
}

json queueJson(const queue::DeviceQueueState& queue, base::WallTime now) {
  const queue::Ledger& ledger = queue.ledger;
  json entry{{"accepted", ledger.accepted}, {"delivered", ledger.delivered}, {"queued", queue.messages},
             {"expired", ledger.expired},   {"dropped", ledger.dropped},     {"dead_lettered", ledger.deadLettered},
             {"bytes", queue.bytes}};
  if (queue.oldest) entry["oldest_age_seconds"] = std::chrono::duration<double>(now - *queue.oldest).count();
  return entry;
}

json certificateJson(const tls::CertificateFacts& facts) {
  return {{"issuer", facts.issuer},
          {"serial", facts.serial},
          {"not_before", facts.notBefore},
          {"not_after", facts.notAfter},
          {"sha256", facts.sha256}};
}

// Of a device that was let in since the start, or has something queued.
void addVisit(json& entry, const FleetParts& fleet, queue::DeviceKey device) {
  const relay::DeviceView view = fleet.front.view(device);
  entry["peer"] = view.peer;
  entry["unacknowledged"] = view.unacknowledged;
  entry["link"] = linkJson(view.link);
  entry["queue"] = queueJson(view.queue, fleet.clock.wall());
  if (!view.connected) return;
  entry["connected_since"] = iso8601(view.since);
  entry["ca"] = view.verdict->caSha256;
  entry["certificate"] = certificateJson(view.verdict->certificate);
}

void addSighting(json& entry, const FleetParts& fleet, const std::string& id) {
  const auto sighting = fleet.known.of(id);
  if (!sighting) return;
  const auto at = [](std::int64_t seconds) { return iso8601(base::WallTime{std::chrono::seconds{seconds}}); };
  entry["first_seen"] = at(sighting->firstSeconds);
  entry["last_seen"] = at(sighting->lastSeconds);
  if (!entry.contains("ca")) entry["ca"] = sighting->caSha256;
}

constexpr std::size_t kBeginningMin = 8;

char lower(char c) { return static_cast<char>(std::tolower(static_cast<unsigned char>(c))); }

bool contains(std::string_view text, std::string_view part) {
  return std::search(text.begin(), text.end(), part.begin(), part.end(), [](char a, char b) { return lower(a) == lower(b); }) != text.end();
}

bool equalIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

const char* stateOf(const FleetParts& fleet, std::string_view id, std::optional<queue::DeviceKey> device) {
  if (device && fleet.front.isConnected(*device)) return "connected";
  return fleet.refusals.trouble(id) != nullptr ? "refused" : "absent";
}

// Each once. Views into the parts.
template <class Each>
void forEachId(const FleetParts& fleet, Each each) {
  for (std::size_t number = 0; number < fleet.custody.deviceCount(); ++number) each(fleet.custody.id(static_cast<queue::DeviceKey>(number)));
  for (const std::string_view id : fleet.known.names()) {
    if (!fleet.custody.find(id)) each(id);
  }
  for (const std::string_view id : fleet.refusals.names()) {
    if (!fleet.custody.find(id) && !fleet.known.knows(std::string{id})) each(id);
  }
}

// `0a1b2c3d…9f0e`, with three dots where the character is hard to type.
std::optional<std::pair<std::string_view, std::string_view>> ends(std::string_view said) {
  for (const std::string_view gap : {std::string_view{"\u2026"}, std::string_view{"..."}}) {
    const std::size_t at = said.find(gap);
    if (at != std::string_view::npos && at > 0) return std::pair{said.substr(0, at), said.substr(at + gap.size())};
  }
  return std::nullopt;
}

Meant oneOf(const std::vector<std::string_view>& found, std::string_view said, const std::string& how) {
  if (found.size() == 1) return {std::string{found.front()}, how};
  std::string note = std::to_string(found.size()) + " devices fit `" + std::string{said} + "`; write more of the id:";
  for (std::size_t number = 0; number < std::min<std::size_t>(found.size(), 5); ++number) note += " " + std::string{found[number]};
  return {{}, note};
}

}  // namespace

json deviceJson(const FleetParts& fleet, std::string_view id) {
  const auto device = fleet.custody.find(id);
  const char* state = stateOf(fleet, id, device);
  json entry{{"id", id}, {"state", state}, {"connected", state == std::string_view{"connected"}}};
  if (const std::string_view alias = fleet.aliases.aliasOf(id); !alias.empty()) entry["alias"] = alias;
  if (device) addVisit(entry, fleet, *device);
  addSighting(entry, fleet, std::string{id});
  if (const diagnosis::Entry* trouble = fleet.refusals.trouble(id)) {
    entry["last_refusal"] = {{"stage", label(trouble->refusal.stage)}, {"result", trouble->refusal.result}, {"reason", trouble->refusal.reason},
                             {"fix", trouble->refusal.fix},            {"last", iso8601(trouble->last)},    {"count", trouble->count}};
  }
  return entry;
}

json refusalJson(const FleetParts& fleet, const diagnosis::Entry& entry) {
  const diagnosis::Refusal& refusal = entry.refusal;
  json made{{"stage", label(refusal.stage)}, {"result", refusal.result},       {"reason", refusal.reason},
            {"fix", refusal.fix},            {"first", iso8601(entry.first)},  {"last", iso8601(entry.last)},
            {"count", entry.count},          {"source", refusal.source},       {"peer", refusal.peer}};
  const auto add = [&made](const char* name, const std::string& value) {
    if (!value.empty()) made[name] = value;
  };
  add("device", refusal.device);
  add("alias", std::string{fleet.aliases.aliasOf(refusal.device)});
  add("server_name", refusal.serverName);
  add("protocol", refusal.protocol);
  if (entry.resolved) made["resolved"] = iso8601(*entry.resolved);
  if (!refusal.certificate.sha256.empty()) {
    made["certificate"] = {{"issuer", refusal.certificate.issuer},
                           {"serial", refusal.certificate.serial},
                           {"not_before", refusal.certificate.notBefore},
                           {"not_after", refusal.certificate.notAfter},
                           {"sha256", refusal.certificate.sha256}};
  }
  return made;
}

json refusalsJson(const FleetParts& fleet, const std::vector<const diagnosis::Entry*>& entries) {
  json all = json::array();
  for (const diagnosis::Entry* entry : entries) all.push_back(refusalJson(fleet, *entry));
  return all;
}

Page pageOf(const FleetParts& fleet, const PageWish& wish) {
  std::vector<std::string_view> behind;
  Page page;
  forEachId(fleet, [&](std::string_view id) {
    if (!wish.search.empty() && !contains(id, wish.search) && !contains(fleet.aliases.aliasOf(id), wish.search)) return;
    if (!wish.state.empty() && wish.state != stateOf(fleet, id, fleet.custody.find(id))) return;
    ++page.total;
    if (wish.after.empty() || id > wish.after) behind.push_back(id);
  });
  const auto count = std::min(wish.limit, behind.size());
  std::partial_sort(behind.begin(), behind.begin() + static_cast<std::ptrdiff_t>(count), behind.end());
  page.more = behind.size() > count;
  page.ids.assign(behind.begin(), behind.begin() + static_cast<std::ptrdiff_t>(count));
  return page;
}

Meant meant(const FleetParts& fleet, std::string_view said, Beginnings beginnings) {
  if (fleet.custody.find(said) || fleet.known.knows(std::string{said}) || !fleet.refusals.ofDevice(said).empty()) return {std::string{said}, {}};
  if (const std::string_view id = fleet.aliases.idOf(said); !id.empty()) return {std::string{id}, {}};
  const auto shortened = ends(said);
  const bool mayBegin = beginnings == Beginnings::taken && !shortened && said.size() >= kBeginningMin;
  std::vector<std::string_view> inOtherCase;
  std::vector<std::string_view> fitting;
  bool begins = false;
  forEachId(fleet, [&](std::string_view id) {
    if (equalIgnoringCase(id, said)) inOtherCase.push_back(id);
    if (shortened && id.starts_with(shortened->first) && id.ends_with(shortened->second)) fitting.push_back(id);
    if (!id.starts_with(said)) return;
    begins = true;
    if (mayBegin) fitting.push_back(id);
  });
  if (!inOtherCase.empty()) {
    return oneOf(inOtherCase, said, "found in another letter case: IoT Hub's device ids are case-sensitive, and this one is written " + std::string{inOtherCase.front()});
  }
  if (!fitting.empty()) return oneOf(fitting, said, {});
  if (begins) {
    return {{}, "this is only the beginning of an id; give the whole id, its alias, or `first 8\u2026last 4` as the log has it"};
  }
  return {{}, "no device of this id or alias was seen here or refused"};
}

}  // namespace spheregate::app
