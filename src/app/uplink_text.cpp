#include "uplink_text.hpp"

#include <array>
#include <cstdint>
#include <ctime>
#include <optional>
#include <string_view>
#include <utility>

#include "text_lines.hpp"

namespace spheregate::app {
namespace {

using nlohmann::json;
using Time = std::chrono::system_clock::time_point;

// As upstream::Link::State is written, for people.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> kLinkStates{{{"closed", "closed: nothing is waiting for it"},
                                                                                      {"dialing", "being made"},
                                                                                      {"connecting", "logging in"},
                                                                                      {"backing_off", "down, will be tried again"},
                                                                                      {"waiting_turn", "waiting for its turn"},
                                                                                      {"renewing", "up, its token is being renewed"}}};

std::optional<Time> timeIn(const std::string& iso) {
  std::tm parts{};
  if (::strptime(iso.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) return std::nullopt;
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

bool isNeeded(const json& status) {
  return status.value("devices_connected", std::uint64_t{0}) > 0 || status.value("queue", json::object()).value("queued", std::uint64_t{0}) > 0;
}

}  // namespace

std::string sinceText(const json& object, const char* key, Time now) {
  const auto since = timeIn(textOf(object, key, ""));
  return since ? ageText(std::chrono::duration<double>(now - *since).count()) : std::string{};
}

std::string uplinkText(const json& status, Time now) {
  const json uplink = status.value("uplink", json::object());
  const bool connected = uplink.value("connected", false);
  const std::string error = textOf(uplink, "last_error", "");
  const std::string condition = textOf(uplink, "condition", "");
  std::string text = textOf(status, "hub") + ": ";
  if (!connected && error.empty() && !isNeeded(status)) return text + "no link, since no device is connected and nothing waits";
  text += connected ? "connected" : "NOT CONNECTED";
  if (const std::string since = sinceText(uplink, "since", now); !since.empty()) text += " for " + since;
  if (connected) text += ", " + counted(uplink.value("sessions", std::uint64_t{0}), "link");
  if (!condition.empty() && condition != "fair") text += ", " + condition;
  if (!error.empty() && (!connected || condition != "fair")) text += "; " + error;
  if (!connected && condition == "unreachable") text += "; `spheregate check` says where the way to it ends";
  return text;
}

std::string linkText(const json& link) {
  std::string state = textOf(link, "state");
  for (const auto& [name, text] : kLinkStates) {
    if (name == state) state = text;
  }
  const std::string error = textOf(link, "last_error", "");
  return error.empty() ? state : state + "; " + error;
}

std::string queuedText(const json& queue) {
  std::string text = counted(queue.value("queued", std::uint64_t{0}), "message");
  const std::uint64_t disk = queue.value("disk_bytes", std::uint64_t{0});
  const std::uint64_t limit = queue.value("limit_bytes", std::uint64_t{0});
  if (queue.contains("bytes")) text += ", " + bytesText(queue.value("bytes", std::uint64_t{0}));
  const auto age = queue.find("oldest_age_seconds");
  if (age != queue.end() && age->is_number() && queue.value("queued", 0) != 0) text += ", the oldest for " + ageText(age->get<double>());
  text += "; the store takes " + bytesText(disk) + (limit > 0 ? " of " + bytesText(limit) : std::string{}) + " of the disk";
  return text;
}

}  // namespace spheregate::app
