#include "device_text.hpp"

#include <chrono>
#include <cstdint>
#include <string_view>

#include "spheregate/x509/certificate_text.hpp"
#include "text_lines.hpp"
#include "text_table.hpp"
#include "uplink_text.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;

constexpr std::size_t kDigestDigits = 12;

// With a valid certificate; who was refused may be anybody.
std::string lastSeen(const json& device) { return device.value("connected", false) ? "now" : textOf(device, "last_seen"); }

std::string lastRefusal(const json& device) {
  const auto refusal = device.find("last_refusal");
  if (refusal == device.end()) return "-";
  return textOf(*refusal, "result") + ": " + shortIdsIn(textOf(*refusal, "reason"));
}

// The lists are looked at only when the certificate is good, so what they refuse is the device itself.
bool isOnlyClaimed(const json& refusal) {
  const std::string result = textOf(refusal, "result");
  return textOf(refusal, "stage") == "tls" && result != "denied" && result != "not_allowed";
}

void addRefusals(std::string& out, const json& refusals) {
  for (const json& refusal : refusals) {
    const bool once = refusal.value("count", 1) == 1;
    out += "\nrefused at " + textOf(refusal, "stage") + " with " + textOf(refusal, "result") + ", ";
    out += once ? "once, at " + textOf(refusal, "last") : textOf(refusal, "count") + " times from " + textOf(refusal, "first") + " to " + textOf(refusal, "last");
    out += '\n';
    line(out, "  reason", textOf(refusal, "reason"));
    if (isOnlyClaimed(refusal)) line(out, "  whose", "of whoever came with this name in a certificate that was not accepted; it need not be the device");
    line(out, "  fix", textOf(refusal, "fix"));
    line(out, "  peer", textOf(refusal, "peer"));
    if (refusal.contains("protocol")) line(out, "  protocol", textOf(refusal, "protocol"));
    if (refusal.contains("server_name")) line(out, "  dialled", textOf(refusal, "server_name"));
    if (const auto certificate = refusal.find("certificate"); certificate != refusal.end()) {
      line(out, "  certificate", "serial " + textOf(*certificate, "serial") + ", " + textOf(*certificate, "not_before") + " to " +
                                     textOf(*certificate, "not_after") + ", issued by " + textOf(*certificate, "issuer"));
    }
    line(out, "  resolved", textOf(refusal, "resolved", "no"));
  }
}

// Of which tenant it is, until when it is good, and whether it is still needed: what a rotation waits for.
std::string tenantCaText(const json& ca, std::int64_t now) {
  constexpr std::size_t kDay = 10;
  const std::string tenant = textOf(ca, "tenant_id", "");
  const auto end = ca.value("not_after", std::int64_t{0});
  return textOf(ca, "sha256").substr(0, kDigestDigits) + "  " + (tenant.empty() ? shownName(textOf(ca, "subject")) : tenant) + (end < now ? ", EXPIRED on " : ", until ") +
         x509::timeText(end).substr(0, kDay) + ", " + textOf(ca, "devices_seen") + " seen, " +
         textOf(ca, "connected") + " connected";
}

// Below each line of the table what to do, where there is something.
std::string withFixes(std::string_view lines, const std::vector<std::string>& fixes) {
  std::string out;
  for (const std::string& fix : fixes) {
    const std::size_t end = lines.find('\n') + 1;
    out += lines.substr(0, end);
    lines.remove_prefix(end);
    if (!fix.empty()) out += "    to do: " + fix + "\n";
  }
  return out;
}

}  // namespace

std::string worriesText(const json& status) {
  std::string out;
  const json configuration = status.value("configuration", json::object());
  if (configuration.contains("problem")) line(out, "NOT RELOADED", textOf(configuration, "problem") + "; what was in force before stays in force");
  std::string waiting;
  for (const json& key : configuration.value("restart_needed", json::array())) waiting += (waiting.empty() ? "" : ", ") + key.get<std::string>();
  if (!waiting.empty()) line(out, "RESTART NEEDED", "these keys were changed and are not in effect: " + waiting);
  const json clock = status.value("clock", json::object());
  if (clock.value("behind", false)) {
    line(out, "CLOCK BEHIND", "the machine says " + x509::timeText(clock.value("machine", std::int64_t{0})) + ", certificates are judged by " +
                                  x509::timeText(clock.value("certificates_judged_by", std::int64_t{0})) + "; set it, see `timedatectl`");
  }
  const json state = status.value("state", json::object());
  if (!state.value("usable", true)) line(out, "STATE UNUSABLE", textOf(state, "fault"));
  return out;
}

std::string deviceTable(const json& devices) {
  std::vector<std::vector<std::string>> rows{{"DEVICE", "STATE", "LAST SEEN", "QUEUE", "CA", "REFUSED NOW"}};
  for (const json& device : devices) {
    const auto queue = device.find("queue");
    rows.push_back({nameOf(device), textOf(device, "state"), lastSeen(device), queue == device.end() ? "-" : textOf(*queue, "queued"),
                    textOf(device, "ca").substr(0, kDigestDigits), lastRefusal(device)});
  }
  return rows.size() == 1 ? "no device, as far as was asked for\n" : table(rows, terminalColumns());
}

std::string deviceText(const json& device) {
  std::string out;
  if (device.contains("note")) out += textOf(device, "note") + "\n\n";
  line(out, "device", textOf(device, "id"));
  line(out, "alias", textOf(device, "alias"));
  const std::string since = textOf(device, "connected_since", "");
  line(out, "state", textOf(device, "state") + (since.empty() ? "" : " since " + since));
  if (device.contains("peer") && device["peer"] != "") line(out, "peer", textOf(device, "peer"));
  line(out, "first seen", textOf(device, "first_seen"));
  line(out, "last seen", lastSeen(device));
  line(out, "CA", textOf(device, "ca"));
  if (const auto certificate = device.find("certificate"); certificate != device.end()) {
    line(out, "certificate", "serial " + textOf(*certificate, "serial") + ", " + textOf(*certificate, "not_before") + " to " +
                                 textOf(*certificate, "not_after"));
  }
  if (const auto link = device.find("link"); link != device.end()) {
    line(out, "hub link", linkText(*link));
  }
  if (const auto queue = device.find("queue"); queue != device.end()) {
    line(out, "queue", counted(queue->value("queued", std::uint64_t{0}), "message") + ", " + textOf(*queue, "bytes") + " bytes; of " + textOf(*queue, "accepted") +
                           " accepted " + textOf(*queue, "delivered") + " delivered, " + textOf(*queue, "expired") + " expired, " +
                           textOf(*queue, "dropped") + " dropped, " + textOf(*queue, "dead_lettered") + " dead letters");
  }
  const auto refusals = device.find("refusals");
  if (refusals == device.end() || refusals->empty())
    out += "\nnever refused, as far as the gateway remembers\n";
  else
    addRefusals(out, *refusals);
  return out;
}

std::string statusText(const json& status) {
  std::string out;
  const json queue = status.value("queue", json::object());
  line(out, "gateway", "spheregate " + textOf(status, "version") + (status.value("ready", false) ? ", ready" : ", NOT READY: " + textOf(queue, "closed")));
  line(out, "uplink", uplinkText(status, std::chrono::system_clock::now()));
  line(out, "devices", textOf(status, "devices_connected") + " connected, " + textOf(status, "devices_total") + " known");
  line(out, "queue", queuedText(queue));
  const auto now = status.value("clock", json::object()).value("certificates_judged_by", std::int64_t{0});
  for (const json& ca : status.value("tenant_cas", json::array())) line(out, "tenant CA", tenantCaText(ca, now));
  out += worriesText(status);
  const json refusals = status.value("refusals", json::array());
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string> fixes;  // of each row; of what cannot be looked up by the name of a device
  constexpr std::size_t kShown = 10;
  bool named = false;
  for (const json& refusal : refusals) {
    if (refusal.contains("resolved") || rows.size() == kShown) continue;
    rows.push_back({textOf(refusal, "last"), textOf(refusal, "alias", shownName(textOf(refusal, "device", textOf(refusal, "source")))),
                    textOf(refusal, "count") + "x", textOf(refusal, "result") + ": " + shortIdsIn(textOf(refusal, "reason"))});
    const bool device = refusal.contains("device");
    named = named || device;
    fixes.push_back(device ? "" : textOf(refusal, "fix", ""));
  }
  if (rows.empty()) return out;
  out += named ? "\nrefused lately; `spheregate devices show ID` says what to do\n" : "\nrefused lately\n";
  return out + withFixes(table(rows, terminalColumns()), fixes);
}

}  // namespace spheregate::app
