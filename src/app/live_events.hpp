#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "device_report.hpp"
#include "spheregate/base/timers.hpp"

namespace spheregate::app {

// What whoever listens to /events is told; docs/admin-api.md has the schema. A turn a second: the devices that came, went or were refused,
// the refusals, and every other time the gateway as a whole. Of a storm it only says that it is one, so what a turn costs does not grow with the
// fleet. While nobody listens there are no turns. Core thread only.
class LiveEvents {
 public:
  static constexpr std::size_t kDevicesMax = 50;   // of one turn
  static constexpr std::size_t kRefusalsMax = 20;

  struct Parts {
    std::function<FleetParts()> fleet;
    std::function<nlohmann::json()> summary;          // the gateway as a whole
    std::function<std::size_t()> listeners;
    std::function<void(std::string events)> publish;  // to all of them
  };
  LiveEvents(base::Timers& timers, Parts parts) : parts_{std::move(parts)}, beat_{timers} {}

  // What somebody hears first. From now on there are turns.
  std::string greeting();
  // The device connected, or is gone.
  void visited(std::string_view device);

 private:
  void turn();
  void addDevices(const FleetParts& fleet, std::string& events);

  Parts parts_;
  base::Timer beat_;
  std::uint64_t turns_ = 0;
  std::uint64_t refusalsTold_ = 0;
  std::unordered_set<std::string> changed_;  // devices, one more than a turn tells of at most
  std::uint64_t moreChanged_ = 0;            // beyond them, not each once
};

}  // namespace spheregate::app
