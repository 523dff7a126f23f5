#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "spheregate/base/bytes.hpp"

namespace spheregate::queue {

enum class DeviceKey : std::uint32_t;
using Sequence = std::uint64_t;

// A queued message, copied.
struct MessageCopy {
  DeviceKey device{};
  Sequence sequence = 0;
  std::uint64_t acceptedMs = 0;  // Unix time
  base::Bytes body;
  std::string fault;  // why the body could not be read; then it is empty
};

// How far somebody has come who copies everything that is queued, a part at a time.
struct CopyPlace {
  std::uint64_t life = 0;  // of the process that the numbers below belong to
  std::int32_t asOf = 0;   // what was accepted later is left out
  std::uint32_t device = 0;
  Sequence sequence = 0;  // the next to look at
  bool operator==(const CopyPlace&) const = default;
};

struct CopyWish {
  std::optional<CopyPlace> from;  // nothing: from the beginning, as of now
  std::size_t messagesMax = 0;
  std::size_t bytesMax = 0;  // of bodies; one message at least
};

struct MadeCopies {
  std::vector<MessageCopy> messages;  // by device, in their order
  std::optional<CopyPlace> next;      // nothing: these were the last
  bool otherLife = false;             // the place belongs to an earlier life of the process; there are no messages
};

// On the core thread, later. Over all parts together each message that was queued at the beginning and is still queued when its part is made
// is there once; others are not.
using CopiesMade = std::function<void(MadeCopies made)>;

}  // namespace spheregate::queue
