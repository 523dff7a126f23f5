#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hubsim/mailbox.hpp"
#include "hubsim/twin.hpp"

namespace spheregate::hubsim {

// What the hub keeps of a device, connected or not.
struct DeviceState {
  DeviceState(const std::string& device, const Rules& rules, Outcomes& outcomes, base::Timers& timers)
      : twin{rules}, mailbox{device, rules, outcomes, timers} {}

  Twin twin;
  Mailbox mailbox;
  // Of a client without clean session the hub keeps one thing: that it subscribed to cloud-to-device messages, and how.
  std::optional<std::uint8_t> keptQos;
  std::string modelId;  // of its latest connection
};

}  // namespace spheregate::hubsim
