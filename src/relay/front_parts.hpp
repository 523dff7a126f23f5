#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sessions.hpp"
#include "spheregate/relay/front.hpp"

namespace spheregate::relay {

// One connection that passed TLS.
struct Front::Guest {
  std::shared_ptr<const tls::Verdict> verdict;
  std::unique_ptr<session::Conversation> conversation;
  std::optional<queue::DeviceKey> device;  // once its CONNECT was accepted
  bool unfinished = true;                  // has not sent CONNECT yet
  bool held = false;                       // waits for room in the queue
  base::WallTime since{};                  // when its CONNECT was accepted
  bool filterRefused = false;
  // Whether the notes know that this goes well.
  bool publishTold = false;
  bool filterTold = false;
};

// One device, connected or not.
struct Front::Seat {
  Guest* guest = nullptr;
  bool known = false;                // has been here in this life of the process
  bool keepsSession = false;         // cleanSession=0: the filters outlive the connection
  std::vector<Followed> filters;     // one of a kind at most, since each kind has one filter
};

// A device opens one connection. It may open another when its network forgot the first.
inline constexpr std::size_t kUnfinishedMax = 4;

}  // namespace spheregate::relay
