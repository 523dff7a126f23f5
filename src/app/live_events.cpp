#include "live_events.hpp"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

namespace spheregate::app {
namespace {

using nlohmann::json;

constexpr std::chrono::seconds kBeat{1};
constexpr unsigned kBeatsOfStatus = 2;
constexpr unsigned kBeatsOfComment = 15;
// A browser that loses the gateway comes back so soon.
constexpr const char* kRetry = "retry: 2000\n\n";
// For proxies that close what is quiet.
constexpr const char* kComment = ":\n\n";

// JSON has no line breaks of its own, so each event is one line of data.
void add(std::string& events, const char* name, const json& data) {
  events.append("event: ").append(name).append("\ndata: ").append(data.dump(-1, ' ', false, json::error_handler_t::replace)).append("\n\n");
}

}  // namespace

std::string LiveEvents::greeting() {
  if (!beat_.armed()) {
    turns_ = 0;
    refusalsTold_ = parts_.fleet().refusals.changes();
    changed_.clear();
    moreChanged_ = 0;
    beat_.after(kBeat, [this] { turn(); });
  }
  std::string events = kRetry;
  add(events, "status", parts_.summary());
  return events;
}

void LiveEvents::visited(std::string_view device) {
  if (!beat_.armed()) return;
  if (changed_.size() > kDevicesMax) {
    ++moreChanged_;
  } else {
    changed_.emplace(device);
  }
}

void LiveEvents::turn() {
  if (parts_.listeners() == 0) return;
  beat_.after(kBeat, [this] { turn(); });
  ++turns_;
  const FleetParts fleet = parts_.fleet();
  std::string events;
  if (turns_ % kBeatsOfStatus == 0) add(events, "status", parts_.summary());
  const std::vector<const diagnosis::Entry*> refused = fleet.refusals.since(refusalsTold_, kDevicesMax + 1);
  refusalsTold_ = fleet.refusals.changes();
  for (const diagnosis::Entry* entry : refused) {
    if (!entry->refusal.device.empty()) visited(entry->refusal.device);
  }
  addDevices(fleet, events);
  // The latest first; whoever shows them puts them in the order of their times.
  for (std::size_t at = 0; at < std::min(refused.size(), kRefusalsMax); ++at) add(events, "refusal", refusalJson(fleet, *refused[at]));
  if (turns_ % kBeatsOfComment == 0) events += kComment;
  if (!events.empty()) parts_.publish(std::move(events));
}

void LiveEvents::addDevices(const FleetParts& fleet, std::string& events) {
  if (changed_.size() > kDevicesMax) {
    add(events, "devices", json{{"changed", changed_.size() + moreChanged_}});
  } else {
    for (const std::string& device : changed_) add(events, "device", deviceJson(fleet, device));
  }
  changed_.clear();
  moreChanged_ = 0;
}

}  // namespace spheregate::app
