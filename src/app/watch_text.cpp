#include "watch_text.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "device_text.hpp"
#include "iso_time.hpp"
#include "text_lines.hpp"
#include "text_table.hpp"
#include "uplink_text.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using Time = std::chrono::system_clock::time_point;

constexpr std::size_t kDevicesUnlimited = 20;
constexpr std::size_t kRefusalsUnlimited = 10;

std::string perSecond(double rate) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.1f/s", rate);
  return text.data();
}

// `tenant CA C=US, O=Maker, CN=Line 7` with what tells it from others in front: a line may be too long for the terminal.
std::string commonNameFirst(const std::string& name) {
  constexpr std::string_view kSeparator = ", ";
  const std::size_t at = name.find(", CN=");
  const std::size_t begin = name.rfind(' ', name.find('='));
  if (at == std::string::npos) return name;
  const std::size_t from = at + kSeparator.size();
  const std::size_t end = std::min(name.find(kSeparator, from), name.size());
  const std::size_t names = begin == std::string::npos ? 0 : begin + 1;
  return name.substr(0, names) + name.substr(from, end - from) + ", " + name.substr(names, at - names) + name.substr(end);
}

// Of each certificate how long it is good, the one that ends first in front.
void addCertificates(std::vector<std::string>& out, const json& status) {
  json certificates = status.value("certificates", json::array());
  std::sort(certificates.begin(), certificates.end(), [](const json& a, const json& b) { return a.value("days_left", 0.0) < b.value("days_left", 0.0); });
  constexpr std::size_t kShown = 4;
  std::size_t shown = 0;
  for (const json& one : certificates) {
    if (shown++ == kShown) break;
    std::string text;
    line(text, shown == 1 ? "certificates" : "", textOf(one, "days_left") + " days left, until " + textOf(one, "expires").substr(0, 10) + ": " + commonNameFirst(textOf(one, "name")));
    out.push_back(text.substr(0, text.size() - 1));
  }
}

void addSplit(std::vector<std::string>& out, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(text.size(), end + 1));
  }
}

// Those with something queued first, then those that are in trouble, then those that are there.
std::vector<json> devicesByInterest(const json& status) {
  std::vector<json> devices;
  for (const json& device : status.value("devices", json::array())) devices.push_back(device);
  const auto queued = [](const json& device) { return device.value("queue", json::object()).value("queued", std::uint64_t{0}); };
  const auto rank = [](const json& device) {
    const std::string state = textOf(device, "state");
    return state == "refused" ? 0 : state == "connected" ? 1 : 2;
  };
  std::stable_sort(devices.begin(), devices.end(), [&](const json& a, const json& b) {
    return queued(a) != queued(b) ? queued(a) > queued(b) : rank(a) < rank(b);
  });
  return devices;
}

// A table of at most so many lines, its heading included; what is left out is counted.
void addTable(std::vector<std::string>& out, std::vector<std::vector<std::string>> rows, std::size_t linesMax, std::size_t all, const char* command) {
  constexpr std::size_t kLeast = 4;  // an empty line, the heading, one row, and what more there is
  if (rows.size() < 2 || linesMax < kLeast) return;
  const std::size_t fitting = std::min(rows.size() - 1, linesMax - 3);
  rows.resize(fitting + 1);
  out.emplace_back();
  addSplit(out, table(rows, terminalColumns()));
  if (all > fitting) out.push_back("and " + std::to_string(all - fitting) + " more; `" + command + "` shows all");
}

}  // namespace

std::string WatchText::rates(const json& status, Time now) {
  const json queue = status.value("queue", json::object());
  const Counts counts{.accepted = queue.value("accepted", std::uint64_t{0}), .delivered = queue.value("delivered", std::uint64_t{0}), .at = now};
  const std::optional<Counts> before = std::exchange(before_, counts);
  const json told = status.value("rates", json::object());
  if (told.contains("accepted_per_second")) {
    return perSecond(told.value("accepted_per_second", 0.0)) + " accepted, " + perSecond(told.value("delivered_per_second", 0.0)) + " delivered";
  }
  // Less than before: the gateway was restarted.
  if (!before || counts.accepted < before->accepted || counts.delivered < before->delivered || now <= before->at) return {};
  const double seconds = std::chrono::duration<double>(now - before->at).count();
  return perSecond(static_cast<double>(counts.accepted - before->accepted) / seconds) + " accepted, " +
         perSecond(static_cast<double>(counts.delivered - before->delivered) / seconds) + " delivered";
}

std::vector<std::string> WatchText::lines(const json& status, Time now, std::size_t rows) {
  const bool wasSilent = silentSince_.has_value();
  silentSince_.reset();
  seen_ = true;
  const json queue = status.value("queue", json::object());
  std::string head;
  std::string title = "spheregate " + textOf(status, "version");
  title += status.value("ready", false) ? ", ready" : ", NOT READY: " + textOf(queue, "closed");
  if (const std::string up = sinceText(status, "started", now); !up.empty()) title += ", up for " + up;
  if (status.contains("hostname")) title += ", " + textOf(status, "hostname");
  line(head, iso8601(now).substr(11, 8), title + (wasSilent ? "; answers again" : ""));
  line(head, "uplink", uplinkText(status, now));
  line(head, "devices", textOf(status, "devices_connected") + " connected, " + textOf(status, "devices_total") + " known");
  line(head, "queue", queuedText(queue));
  if (const std::string moved = rates(status, now); !moved.empty()) line(head, "rates", moved);
  line(head, "ledger", textOf(queue, "accepted") + " accepted = " + textOf(queue, "delivered") + " delivered + " + textOf(queue, "queued") + " queued");
  line(head, "", "+ " + textOf(queue, "expired") + " expired + " + textOf(queue, "dropped") + " dropped + " + textOf(queue, "dead_lettered") + " dead-lettered");
  std::vector<std::string> out;
  addSplit(out, head);
  addCertificates(out, status);
  addSplit(out, worriesText(status));

  std::vector<std::vector<std::string>> refusals{{"LAST", "WHO", "COUNT", "REFUSED, AND WHAT TO DO"}};
  for (const json& refusal : status.value("refusals", json::array())) {
    if (refusal.contains("resolved")) continue;
    refusals.push_back({textOf(refusal, "last"), textOf(refusal, "alias", shownName(textOf(refusal, "device", textOf(refusal, "source")))),
                        textOf(refusal, "count") + "x", textOf(refusal, "result") + ": " + shortIdsIn(textOf(refusal, "reason")) + "; " + textOf(refusal, "fix")});
  }
  std::vector<std::vector<std::string>> devices{{"DEVICE", "STATE", "QUEUE", "LINK"}};
  for (const json& device : devicesByInterest(status)) {
    devices.push_back({nameOf(device), textOf(device, "state"), textOf(device.value("queue", json::object()), "queued"),
                       linkText(device.value("link", json::object()))});
  }
  const std::size_t left = rows > out.size() ? rows - out.size() : 0;
  const std::size_t forRefusals = rows == 0 ? kRefusalsUnlimited + 3 : std::min(refusals.size() + 2, std::max(left / 3, std::min<std::size_t>(left, 4)));
  const std::size_t refusalsAll = refusals.size() - 1;
  const std::size_t before = out.size();
  addTable(out, std::move(refusals), forRefusals, refusalsAll, "spheregate devices --state refused");
  const std::size_t forDevices = rows == 0 ? kDevicesUnlimited + 3 : left - std::min(left, out.size() - before);
  const auto devicesAll = status.value("devices_total", devices.size() - 1);
  addTable(out, std::move(devices), forDevices, std::max(devicesAll, devices.size() - 1), "spheregate devices");
  return out;
}

std::vector<std::string> WatchText::silence(const std::string& why, Time now) {
  if (!silentSince_) silentSince_ = now;
  before_.reset();
  std::string text;
  line(text, iso8601(now).substr(11, 8), seen_ ? "THE GATEWAY DOES NOT ANSWER since " + iso8601(*silentSince_) : "waiting for the gateway");
  line(text, "reason", why);
  line(text, "", "it is asked again every 2 s");
  std::vector<std::string> out;
  addSplit(out, text);
  return out;
}

}  // namespace spheregate::app
