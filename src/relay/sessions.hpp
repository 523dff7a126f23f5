#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "spheregate/base/timers.hpp"
#include "spheregate/hub/topics.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/state/store.hpp"

namespace spheregate::relay {

// What a device has subscribed to.
struct Followed {
  std::string filter;
  hub::FilterKind kind = hub::FilterKind::unknown;
  std::uint8_t qos = 0;
};

// The subscriptions of devices that say cleanSession=0, across restarts: a short text for each device, in memory and in the store.
// Nobody waits for the store. What it could not take is offered again, so that it holds no old session for long.
class Sessions {
 public:
  // Reads what an earlier life of the process has left.
  Sessions(state::Store& store, base::Timers& timers, metrics::Registry& metrics);

  std::vector<Followed> of(std::string_view device) const;
  // No filters are no session. Costs nothing when it is what was kept before.
  void keep(std::string_view device, const std::vector<Followed>& filters);

 private:
  void load(std::string device, std::string row);
  void store(const std::string& device);
  void tryAgain();

  state::Store& store_;
  metrics::Counter& unreadable_;
  std::unordered_map<std::string, std::string> rows_;  // by device: what the store holds once it has done what it was asked
  std::unordered_set<std::string> missed_;
  base::Timer retry_;
  const std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);
};

// `1`, then for each filter a space, a letter and its QoS, in a fixed order: `1 c1 t0`. Empty without filters.
std::string sessionRow(const std::vector<Followed>& filters);
// The kinds and QoS of a row that `sessionRow` could have made; of any other, nothing.
std::vector<Followed> readSessionRow(std::string_view row, std::string_view device);

}  // namespace spheregate::relay
