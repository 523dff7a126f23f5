#pragma once

#include <functional>

#include "spheregate/base/clock.hpp"
#include "spheregate/identity/aliases.hpp"
#include "spheregate/ops/admin_socket.hpp"
#include "spheregate/queue/custody.hpp"
#include "spheregate/relay/uplink.hpp"

namespace spheregate::app {

// All of it outlives what is answered with it.
struct QueueParts {
  queue::Custody& custody;
  relay::Uplink& uplink;
  std::function<const identity::Aliases&()> aliases;  // those in force, which may be others when the disk has answered
  const base::Clock& clock;
};

// Answers `/queue…` and `/audit`, some of it when the disk has answered. False when the path is another's.
bool answerAboutQueue(const QueueParts& parts, const ops::AdminRequest& request, const ops::AdminReply& reply);

}  // namespace spheregate::app
