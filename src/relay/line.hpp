#pragma once

#include <functional>
#include <string_view>

#include "spheregate/base/timers.hpp"
#include "spheregate/metrics/registry.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/uplink.hpp"
#include "spheregate/upstream/link.hpp"
#include "spheregate/upstream/pacer.hpp"
#include "twin_cache.hpp"

namespace spheregate::relay {

struct DownlinkMetrics {
  explicit DownlinkMetrics(metrics::Registry& registry);
  metrics::Counter& cloudToDevice;
  metrics::Counter& desired;
  metrics::Counter& methods;
  metrics::Counter& twins;
  metrics::Counter& undelivered;
  metrics::Counter& fromCache;
};

// One device's line between its two ends, as the parts of its downlink share it.
struct Line {
  queue::DeviceKey device;
  std::string_view id;
  upstream::Link& link;
  queue::Custody& custody;
  TwinCache& twins;
  base::Timers& timers;
  base::Duration patience;  // how long the hub may take to answer
  DownlinkMetrics& metrics;
  DeviceSide& devices;
  upstream::Pacer& reads;         // the hub takes so many twin reads a second
  std::function<bool()> hubAway;  // no device gets through to the hub

  // Nothing can be expected of the hub soon.
  bool cutOff() const { return link.failing() || (!link.up() && hubAway()); }
  // The answers to the gateway's own requests are on the same filter as those to the device's.
  void followAnswers() {
    if (!link.follows(hub::kTwinResponseFilter)) link.follow(hub::kTwinResponseFilter, 0);
  }
};

// Nothing that an SDK makes, so the gateway's own requests are told from the device's.
inline constexpr std::string_view kOwnRid = "spheregate-";

// The hub will not always say so.
inline bool temporary(int status) { return status == 429 || status >= 500; }

}  // namespace spheregate::relay
