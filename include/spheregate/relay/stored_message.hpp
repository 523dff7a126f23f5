#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "spheregate/base/bytes.hpp"

namespace spheregate::relay {

enum class MessageKind : std::uint8_t { telemetry, reportedPatch };

// What a device said, as custody keeps it: a byte of flags, the end of the topic and the payload, both untouched. Telemetry: the
// topic's suffix. A patch of reported properties: the topic's query, and a mark that tells it from others in the cached twin. The rest
// of the topic follows from device and kind.
struct StoredMessage {
  std::string_view suffix;
  base::ByteView payload;
  bool retain = false;
  MessageKind kind = MessageKind::telemetry;
  std::uint64_t mark = 0;  // 0: none
};

// Replaces `out`.
void encode(const StoredMessage& message, base::Bytes& out);
// Views into `body`; nothing when it is too short for what it says.
[[nodiscard]] std::optional<StoredMessage> decode(base::ByteView body);

}  // namespace spheregate::relay
